// A script that another origin serves: it throws once it runs.
throw new Error('the secret of another origin');

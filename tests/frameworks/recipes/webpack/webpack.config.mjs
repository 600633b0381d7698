// The tracer needs nothing; modules are what today's browsers load.
export default {
  mode: 'production',
  entry: { main: './main.js', strict: './strict.js' },
  output: { filename: '[name].js', publicPath: 'auto', module: true },
  experiments: { outputModule: true },
};

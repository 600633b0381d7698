// Vite's development server and preview: the tracer and its exports below /t/ of the page's origin.
const throughline = process.env.THROUGHLINE_URL ?? 'http://127.0.0.1:4318';

const proxy = {
  '/t': {
    target: throughline,
    rewrite: (path) => (path === '/t/t.js' ? '/throughline.js' : path.slice('/t'.length)),
    // Telemetry needs none of the site's cookies.
    configure: (server) => server.on('proxyReq', (request) => request.removeHeader('cookie')),
  },
};

export default { server: { proxy }, preview: { proxy } };

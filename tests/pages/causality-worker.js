onmessage = ({ data }) => setTimeout(() => postMessage(data), data.delay ?? 20);

onmessage = ({ data }) => setTimeout(() => postMessage(data), 20);

// Answers, and speaks by itself.
setInterval(() => postMessage('beat'), 95);
onmessage = ({ data }) => setTimeout(() => postMessage(data), 150);

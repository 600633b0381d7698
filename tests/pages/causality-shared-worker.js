onconnect = ({ ports: [port] }) => {
  port.onmessage = ({ data }) => setTimeout(() => port.postMessage(data), 20);
};

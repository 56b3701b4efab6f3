// The transport alone: one WebSocket, frames in and out as objects.

import { SUBPROTOCOL } from "./protocol.js";

export class Socket {
  constructor({ onOpen, onFrame, onClose }) {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    this.socket = new WebSocket(`${scheme}://${location.host}/ws/v1`, SUBPROTOCOL);
    this.socket.onopen = onOpen;
    this.socket.onmessage = ({ data }) => onFrame(JSON.parse(data));
    this.socket.onclose = ({ code }) => this.#closed(code, onClose);
  }

  send(frame) {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(frame));
  }

  #closed(code, onClose) {
    this.socket = null;
    onClose(code);
  }

  close() {
    const socket = this.socket;
    if (!socket) return;
    // A dead network delivers no close event for minutes: do not wait for it.
    socket.onmessage = socket.onclose = null;
    this.socket = null;
    socket.close();
  }
}

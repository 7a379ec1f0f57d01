// One WebSocket per room and page, shared by what shows it: the running lines and the strip
// above the composer. It resumes after a loss, so nothing is shown twice and nothing is missed.

const hubs = new Map();
const RETRY_MS = [250, 500, 1000, 2000, 4000, 8000];
const FRAME_MS = 30;
const CLOSE_AFTER_MS = 400; // a page change mounts the next view before this is over

function hubOf(room) {
  if (!hubs.has(room)) hubs.set(room, new Hub(room));
  return hubs.get(room);
}

class Hub {
  constructor(room) {
    this.room = room;
    this.views = new Set();
    this.lines = new Map(); // seq -> message, those after `settled` only
    this.again = new Map(); // those before it that are said once more, where they stand
    this.settled = null; // up to here the page itself has drawn everything
    this.turn = 0; // the line whose successors `next` names
    this.next = [];
    this.tries = 0;
    this.connected = false;
    this.waiting = false; // a drawing is due
    this.drawnAt = -FRAME_MS;
  }

  attach(view) {
    this.views.add(view);
    clearTimeout(this.closing);
    this.redraw();
  }

  detach(view) {
    this.views.delete(view);
    if (view.seq && !this.saidAgain(view.seq)) this.again.delete(view.seq);
    if (this.views.size) return;
    this.closing = setTimeout(() => this.close(), CLOSE_AFTER_MS);
  }

  close() {
    if (this.views.size) return;
    hubs.delete(this.room);
    clearTimeout(this.retry);
    this.ended = true;
    if (this.socket) this.socket.close();
  }

  /** The page has drawn every line up to `seq` by itself. */
  settle(seq) {
    const first = this.settled === null;
    this.settled = Math.max(this.settled || 0, seq);
    for (const [known, line] of [...this.lines]) {
      if (known > this.settled) continue;
      if (line.again) this.again.set(known, line);
      this.lines.delete(known);
    }
    if (first) this.connect();
    this.redraw();
  }

  connect() {
    if (this.ended) return;
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const query = `room=${encodeURIComponent(this.room)}&after=${this.settled}`;
    const socket = new WebSocket(`${scheme}://${location.host}/ws?${query}`);
    this.socket = socket;
    socket.onopen = () => {
      const again = this.tries > 0;
      this.tries = 0;
      this.connected = true;
      this.redraw();
      if (again) this.tell("changed", "lines"); // edits may have passed by unseen
    };
    socket.onmessage = (event) => this.take(JSON.parse(event.data));
    socket.onclose = () => this.lost(socket);
  }

  lost(socket) {
    if (this.ended || socket !== this.socket) return;
    this.connected = false;
    const wait = RETRY_MS[Math.min(this.tries, RETRY_MS.length - 1)];
    this.tries += 1;
    this.retry = setTimeout(() => this.connect(), wait * (0.75 + Math.random() / 2));
    this.redraw();
  }

  take(frame) {
    if (frame.type === "delta") this.delta(frame);
    else if (frame.type === "presence") this.tell("changed", "room"); // members, name: all anew
    else if (frame.seq !== undefined && frame.content !== undefined) this.line(frame);
    this.redraw();
  }

  line(frame) {
    frame.points = [...frame.content].length;
    if (frame.seq > this.settled) {
      this.lines.set(frame.seq, frame);
      return;
    }
    const going = this.saidAgain(frame.seq);
    if (frame.again || going) this.again.set(frame.seq, frame);
    if (frame.type !== "message" && !(going && frame.again)) this.tell("changed", "lines");
  }

  /** Whether the line is being said once more. */
  saidAgain(seq) {
    return this.again.get(seq)?.status === "pending";
  }

  delta(frame) {
    const line = this.lines.get(frame.seq) || this.again.get(frame.seq);
    if (!line || line.status !== "pending") return;
    const skip = line.points - frame.offset;
    if (skip < 0) {
      this.socket.close(); // something is missing: begin anew from what is settled
      return;
    }
    const text = skip ? [...frame.text].slice(skip).join("") : frame.text;
    line.content += text;
    line.points += [...text].length;
  }

  /** The last line before the first one that is still being said. */
  ready() {
    let seq = this.settled;
    while (this.lines.has(seq + 1) && this.lines.get(seq + 1).status !== "pending") seq += 1;
    return seq;
  }

  /** The line that is being said, if any; else one that is said once more. */
  saying() {
    return this.speaking() || [...this.again.values()].find((one) => one.status === "pending");
  }

  /** The new line that is being said, if any. */
  speaking() {
    for (const seq of [...this.lines.keys()].sort((one, other) => one - other)) {
      if (this.lines.get(seq).status === "pending") return this.lines.get(seq);
    }
    return null;
  }

  /** Some thirty times a second at most, however many words came; a hidden tab at once. */
  redraw() {
    if (this.waiting) return;
    const draw = () => {
      this.waiting = false;
      this.drawnAt = performance.now();
      for (const view of this.views) view.draw(this);
    };
    if (document.hidden) {
      draw();
      return;
    }
    this.waiting = true;
    const rest = this.drawnAt + FRAME_MS - performance.now();
    if (rest > 0) setTimeout(() => requestAnimationFrame(draw), rest);
    else requestAnimationFrame(draw);
  }

  tell(name, value) {
    for (const view of this.views) if (view.tell) view.tell(name, value);
  }
}

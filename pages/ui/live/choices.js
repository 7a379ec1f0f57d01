// What was taken from menus, on its way to the page. Of two requests that meet, one alone arrives;
// so a choice is told until the page has taken it, and nothing else is asked for meanwhile. Nor
// while a dialog is open: a run of the page would close it, and lose what was written there.

const TELL_AGAIN_MS = 3000;
const LOOK_AGAIN_MS = 250;

class Choices {
  constructor(send) {
    this.send = send;
    this.waiting = []; // the first one is on its way
    this.later = new Map(); // what else is to be told
  }

  add(choice) {
    this.waiting.push({ ...choice, id: `${Date.now()}-${Math.random()}` });
    if (this.waiting.length === 1) this.tell();
  }

  tell() {
    clearTimeout(this.telling);
    this.telling = setTimeout(() => this.tell(), TELL_AGAIN_MS);
    this.send(this.waiting[0]);
  }

  /** The page has carried out the choice `id`. */
  taken(id) {
    if (!this.waiting.length || this.waiting[0].id !== id) return;
    this.waiting.shift();
    if (this.waiting.length) {
      this.tell();
      return;
    }
    clearTimeout(this.telling);
    this.tellLater();
  }

  /** Do `act`, once nothing is in its way. */
  after(name, act) {
    this.later.set(name, act);
    this.tellLater();
  }

  tellLater() {
    clearTimeout(this.looking);
    if (this.waiting.length || document.querySelector('[data-testid="stDialog"]')) {
      this.looking = setTimeout(() => this.tellLater(), LOOK_AGAIN_MS);
      return;
    }
    for (const act of this.later.values()) act();
    this.later.clear();
  }

  close() {
    clearTimeout(this.telling);
    clearTimeout(this.looking);
  }
}

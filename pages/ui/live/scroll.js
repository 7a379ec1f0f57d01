// The page follows its end while the reader is there, and stays put when the reader is not.

const END_PX = 90;

class Follower {
  constructor(onChange) {
    this.scroller = document.querySelector('[data-testid="stMain"]');
    this.content = document.querySelector('[data-testid="stMainBlockContainer"]');
    this.following = true;
    this.places = [];
    this.onChange = onChange;
    this.top = this.scroller.scrollTop;
    this.onScroll = () => this.scrolled();
    this.onWheel = (event) => {
      if (event.deltaY < 0 && this.scrollable()) this.follow(false);
    };
    this.scroller.addEventListener("scroll", this.onScroll, { passive: true });
    this.scroller.addEventListener("wheel", this.onWheel, { passive: true });
    this.observer = new ResizeObserver(() => this.settle());
    this.observer.observe(this.content);
    this.observer.observe(this.scroller);
    this.settle();
  }

  /** A room in which nobody has spoken is read from its top. */
  rest() {
    this.following = false;
    this.scroller.scrollTop = 0;
  }

  end() {
    this.follow(true);
    this.settle();
  }

  close() {
    this.observer.disconnect();
    this.scroller.removeEventListener("scroll", this.onScroll);
    this.scroller.removeEventListener("wheel", this.onWheel);
  }

  atEnd() {
    const { scrollTop, scrollHeight, clientHeight } = this.scroller;
    return this.following || scrollHeight - scrollTop - clientHeight < END_PX;
  }

  scrollable() {
    return this.scroller.scrollHeight > this.scroller.clientHeight + 1;
  }

  follow(yes) {
    if (this.following === yes) return;
    this.following = yes;
    this.onChange();
  }

  scrolled() {
    if (!this.following && this.scroller.scrollHeight !== this.height) {
      this.settle(); // lines came or went in this very frame: keep the reader's place first
      return;
    }
    const { scrollTop, scrollHeight, clientHeight } = this.scroller;
    if (scrollTop === this.top) return; // it was `settle` that scrolled, not the reader
    const distance = scrollHeight - scrollTop - clientHeight;
    if (distance < END_PX && scrollTop >= this.top) this.follow(true);
    else if (scrollTop < this.top - 2 && distance > 4) this.follow(false);
    this.top = scrollTop;
    if (!this.following) this.remember();
  }

  /** Which lines the reader sees, so that lines put in above them do not move them. */
  remember() {
    const edge = this.scroller.getBoundingClientRect();
    this.places = [];
    for (const line of this.content.querySelectorAll('[class*="st-key-line-"]')) {
      const box = line.getBoundingClientRect();
      if (box.bottom < edge.top + 8) continue;
      if (box.top > edge.bottom) return;
      const key = [...line.classList].find((name) => name.startsWith("st-key-line-"));
      this.places.push({ key, top: box.top });
    }
  }

  /**
   * Bring the first of them that is there back to its place. False: the very first is not there.
   * Streamlit draws one line after another: while older ones come, those below vanish for some
   * frames. Until they are back, the places stay what they were.
   */
  restore() {
    for (const [number, place] of this.places.entries()) {
      const line = this.content.getElementsByClassName(place.key)[0];
      if (!line) continue;
      const moved = line.getBoundingClientRect().top - place.top;
      if (Math.abs(moved) > 1) this.scroller.scrollTop += moved;
      return number === 0;
    }
    return this.places.length === 0;
  }

  /** The reader has scrolled up, and the event that says so is still to come. */
  left() {
    const { scrollTop, scrollHeight, clientHeight } = this.scroller;
    return scrollTop < this.top - 2 && scrollHeight - scrollTop - clientHeight > END_PX;
  }

  settle() {
    if (this.following && this.left()) this.follow(false);
    if (this.following) {
      this.scroller.scrollTop = this.scroller.scrollHeight;
      this.places = [];
    }
    const whole = this.restore();
    this.top = this.scroller.scrollTop;
    this.height = this.scroller.scrollHeight;
    if (!this.following && whole) this.remember();
  }
}

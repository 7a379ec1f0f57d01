// The page follows its end while the reader is there, and stays put when the reader is not.

const END_PX = 90;

class Follower {
  constructor(onChange) {
    this.scroller = document.querySelector('[data-testid="stMain"]');
    this.content = document.querySelector('[data-testid="stMainBlockContainer"]');
    this.following = true;
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
    const distance = scrollHeight - scrollTop - clientHeight;
    if (distance < END_PX && scrollTop >= this.top) this.follow(true);
    else if (scrollTop < this.top - 2 && distance > 4) this.follow(false);
    this.top = scrollTop;
    if (!this.following) this.remember();
  }

  /** Which line the reader looks at, so that lines put in above it do not move it. */
  remember() {
    const edge = this.scroller.getBoundingClientRect().top;
    this.anchor = null;
    for (const line of this.content.querySelectorAll('[class*="st-key-line-"]')) {
      const box = line.getBoundingClientRect();
      if (box.bottom < edge + 8) continue;
      this.anchor = { line, top: box.top };
      return;
    }
  }

  settle() {
    if (this.following) this.scroller.scrollTop = this.scroller.scrollHeight;
    else if (this.anchor && this.anchor.line.isConnected) {
      const moved = this.anchor.line.getBoundingClientRect().top - this.anchor.top;
      if (Math.abs(moved) > 1) this.scroller.scrollTop += moved;
    }
    this.top = this.scroller.scrollTop;
    this.height = this.scroller.scrollHeight;
    if (!this.following) this.remember();
  }
}

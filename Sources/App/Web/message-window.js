/** A long list of which only what can be seen is in the page. */

const GUESS = 64;
const OVERSCAN = 600;
const END_SLACK = 32;

/**
 * Shows items of unknown heights in a scrolling element, and keeps what the reader looks at where it is: when items come in above,
 * when they change their height, and when the element does. At the end it stays at the end.
 */
export class MessageWindow {
    #scroller;
    #make;
    #update;
    #onScroll;
    #above = document.createElement('div');
    #list = document.createElement('div');
    #below = document.createElement('div');
    #items = [];
    #heights = new Map();
    /** Where each item begins; one more for the end. */
    #tops = [0];
    /** @type {Map<string, HTMLElement>} */
    #shown = new Map();
    #anchor = null;
    #isAtEnd = true;
    #observer;
    #width = 0;
    #expected = -1;

    /**
     * @param {HTMLElement} scroller
     * @param {{make: (item: any) => HTMLElement, update: (element: HTMLElement, item: any) => void, onScroll: (state: {isAtEnd: boolean,
     *     isNearStart: boolean}) => void}} parts `update` is called for each shown item whenever items were set
     */
    constructor(scroller, { make, update, onScroll }) {
        this.#scroller = scroller;
        this.#make = make;
        this.#update = update;
        this.#onScroll = onScroll;
        scroller.replaceChildren(this.#above, this.#list, this.#below);
        scroller.addEventListener('scroll', () => this.#scrolled(), { passive: true });
        this.#observer = new ResizeObserver(() => this.#resized());
        this.#observer.observe(scroller);
    }

    close() {
        this.#observer.disconnect();
    }

    get isAtEnd() {
        return this.#isAtEnd;
    }

    /** @param {{key: string}[]} items all of them, in order; keys are unique and stay with their item */
    setItems(items) {
        this.#items = items;
        this.#layOut();
        this.#render(true);
    }

    scrollToEnd() {
        this.#isAtEnd = true;
        this.#render(false);
    }

    /** Brings an item into the page and into view. @returns {HTMLElement | undefined} */
    reveal(key) {
        const index = this.#items.findIndex((item) => item.key === key);
        if (index < 0) return undefined;
        const top = this.#tops[index];
        const bottom = this.#tops[index + 1];
        const { scrollTop, clientHeight } = this.#scroller;
        if (top < scrollTop) this.#goTo(index, 8);
        else if (bottom > scrollTop + clientHeight) this.#goTo(index, clientHeight - (bottom - top) - 8);
        return this.#shown.get(key);
    }

    #goTo(index, offset) {
        this.#isAtEnd = false;
        this.#anchor = { key: this.#items[index].key, offset: -offset };
        this.#render(false);
        this.#readPosition();
    }

    #scrolled() {
        // The echo of a position that was set here, or of a height that the browser has cut: nobody has scrolled.
        if (Math.abs(this.#scroller.scrollTop - this.#expected) < 1) return;
        this.#readPosition();
        this.#render(false);
    }

    #readPosition() {
        const { scrollTop, scrollHeight, clientHeight } = this.#scroller;
        this.#expected = scrollTop;
        this.#isAtEnd = scrollHeight - scrollTop - clientHeight <= END_SLACK;
        const index = this.#indexAt(scrollTop);
        const item = this.#items[index];
        this.#anchor = item ? { key: item.key, offset: scrollTop - this.#tops[index] } : null;
        this.#report();
    }

    #report() {
        this.#onScroll({ isAtEnd: this.#isAtEnd, isNearStart: this.#scroller.scrollTop < 2 * this.#scroller.clientHeight });
    }

    #resized() {
        if (this.#scroller.clientWidth !== this.#width) {
            this.#width = this.#scroller.clientWidth;
            // Lines break elsewhere now; what isn't shown is measured when it is.
            const shown = new Set(this.#shown.keys());
            for (const key of this.#heights.keys()) if (!shown.has(key)) this.#heights.delete(key);
        }
        this.#render(false);
    }

    #layOut() {
        const tops = new Array(this.#items.length + 1);
        tops[0] = 0;
        for (let index = 0; index < this.#items.length; index += 1) {
            tops[index + 1] = tops[index] + (this.#heights.get(this.#items[index].key) ?? GUESS);
        }
        this.#tops = tops;
    }

    /** The item at a height, by halving. */
    #indexAt(height) {
        let low = 0;
        let high = this.#items.length - 1;
        while (low < high) {
            const middle = (low + high + 1) >>> 1;
            if (this.#tops[middle] <= height) low = middle;
            else high = middle - 1;
        }
        return Math.max(0, low);
    }

    /** The position at which the anchor is where it was, or the end. */
    #wanted() {
        const end = Math.max(0, this.#tops[this.#items.length] - this.#scroller.clientHeight);
        if (this.#isAtEnd || !this.#anchor) return end;
        const index = this.#items.findIndex((item) => item.key === this.#anchor.key);
        return index < 0 ? Math.min(this.#scroller.scrollTop, end) : Math.max(0, Math.min(end, this.#tops[index] + this.#anchor.offset));
    }

    /** Shows what is around the wanted position; measures, and does so again where the measures have moved it. */
    #render(isChanged) {
        for (let pass = 0; pass < 6; pass += 1) {
            const position = this.#wanted();
            const first = this.#indexAt(position - OVERSCAN);
            const last = this.#indexAt(position + this.#scroller.clientHeight + OVERSCAN);
            this.#show(first, last, isChanged && pass === 0);
            if (!this.#measure(first, last)) break;
        }
        const position = this.#wanted();
        if (Math.abs(this.#scroller.scrollTop - position) >= 1) this.#scroller.scrollTop = position;
        this.#expected = this.#scroller.scrollTop;
        if (isChanged) this.#report();
    }

    #show(first, last, isChanged) {
        const items = this.#items.slice(first, last + 1);
        const keys = new Set(items.map((item) => item.key));
        for (const [key, node] of this.#shown) {
            if (keys.has(key)) continue;
            node.remove();
            this.#shown.delete(key);
        }
        let next = this.#list.firstElementChild;
        for (const item of items) {
            let node = this.#shown.get(item.key);
            if (!node) {
                node = this.#make(item);
                this.#update(node, item);
                this.#shown.set(item.key, node);
            } else if (isChanged) {
                this.#update(node, item);
            }
            if (node === next) next = next.nextElementSibling;
            else this.#list.insertBefore(node, next);
        }
        this.#above.style.height = `${this.#tops[first]}px`;
        this.#below.style.height = `${this.#tops[this.#items.length] - this.#tops[Math.min(last + 1, this.#items.length)]}px`;
    }

    /** @returns {boolean} whether an item has another height than was thought */
    #measure(first, last) {
        let hasChanged = false;
        for (let index = first; index <= last && index < this.#items.length; index += 1) {
            const { key } = this.#items[index];
            const height = this.#shown.get(key).getBoundingClientRect().height;
            if (height === 0 || this.#heights.get(key) === height) continue;
            this.#heights.set(key, height);
            hasChanged = true;
        }
        if (hasChanged) this.#layOut();
        return hasChanged;
    }
}

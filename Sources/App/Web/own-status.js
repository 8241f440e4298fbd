/** What others see of the user while connected: what was chosen last, here or in another window. */
export class OwnStatus {
    /** @type {'online' | 'away' | 'busy'} */
    value = 'online';
    #store;
    #changed;
    /** What the server has, as far as it was heard. */
    #stored = 'online';
    /** It was chosen here, and isn't known to be stored. */
    #isUnsent = false;
    /** Nothing was heard on this connection yet. */
    #isNew = true;

    /**
     * @param {(status: string) => Promise<any>} store gives it to the server
     * @param {() => void} changed is called after each change
     */
    constructor(store, changed) {
        this.#store = store;
        this.#changed = changed;
    }

    /** Without a connection it is kept for the next one. @throws where the server doesn't take it; then it is as it was */
    choose(status) {
        this.value = status;
        return this.#send();
    }

    /** There is another connection. */
    connected() {
        this.#isNew = true;
        if (this.#isUnsent) this.#send().catch(() => {});
    }

    /** The server tells what the user's status is. */
    heard(status) {
        const isFirst = this.#isNew;
        this.#isNew = false;
        if (this.#isUnsent) return;
        this.#stored = status === 'offline' ? 'online' : status;
        if (this.#stored === this.value) return;
        // With the last connection the server forgets what was chosen.
        if (isFirst && this.#stored === 'online') this.#send().catch(() => {});
        else if (status !== 'offline') this.#set(status);
    }

    async #send() {
        const status = this.value;
        this.#isUnsent = true;
        try {
            await this.#store(status);
        } catch (error) {
            if (error.code === 'DISCONNECTED') return;
            if (this.value === status) {
                this.#isUnsent = false;
                this.#set(this.#stored);
            }
            throw error;
        }
        this.#stored = status;
        if (this.value === status) this.#isUnsent = false;
    }

    #set(status) {
        this.value = status;
        this.#changed();
    }
}

// @ts-check
/**
 * A client of Switchboard for browsers and other JavaScript that has `WebSocket`, `fetch` and `EventTarget`.
 *
 * It keeps a connection, catches up after each reconnect, and keeps what was sent until the server has it. It knows no page.
 * `docs/javascript-client.md` tells how to use it; `docs/protocol.md` has what goes over the wire.
 *
 * @module switchboard-client
 */

/**
 * @typedef {object} Message
 * @property {string} messageId
 * @property {string} conversationId `dm:<userId>:<userId>` or `ch:<name>`
 * @property {number} seq 1, 2, 3 … in its conversation, without a hole
 * @property {string} senderId
 * @property {string} senderName
 * @property {string} [recipientId] in direct messages
 * @property {string} [channelId] in channels
 * @property {string} content plain text; empty once the message is deleted
 * @property {string} [clientMessageId] of one's own messages
 * @property {string} createdAt
 * @property {number} [rev] raised with each change
 * @property {string} [editedAt]
 * @property {string} [deletedAt]
 * @property {Record<string, string[]>} [reactions] who reacted, by emoji
 */

/**
 * @typedef {object} Conversation
 * @property {string} conversationId
 * @property {'dm' | 'channel'} kind
 * @property {string} title
 * @property {string} [otherUserId]
 * @property {number} lastSeq
 * @property {number} readSeq
 * @property {number} unread
 * @property {Message} [lastMessage]
 */

/** @typedef {{userId: string, username: string, role: string}} User */
/** @typedef {{userId: string, status: string, lastSeen?: string}} Presence */
/** @typedef {{recipientId?: string, channelId?: string}} Target who or what a message is for; one of the two */
/** @typedef {'idle' | 'connecting' | 'syncing' | 'online' | 'waiting' | 'stopped'} Status */

/**
 * @typedef {object} Outgoing a message that the server may not have yet
 * @property {string} clientMessageId
 * @property {Target} target
 * @property {string} content
 * @property {string} createdAt
 * @property {'queued' | 'sending' | 'failed'} state
 * @property {SwitchboardError} [error] why it failed
 */

/**
 * @typedef {object} Environment what the client takes from its surroundings; tests give their own
 * @property {typeof WebSocket} WebSocket
 * @property {typeof fetch} fetch
 * @property {(call: () => void, ms: number) => any} setTimeout
 * @property {(timer: any) => void} clearTimeout
 * @property {() => number} now milliseconds
 * @property {() => number} random from 0 up to 1
 */

/**
 * @typedef {object} Options
 * @property {string} [baseURL] where the server is; the page's own origin where it isn't given
 * @property {string} [token] a log-in's token; without one the cookie is used, which works on the page's own origin alone
 * @property {Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>} [storage] keeps what is unsent, `sessionStorage` for instance
 * @property {Partial<Environment>} [environment]
 */

/** A refusal by the server, or a connection that was lost before the answer came. */
export class SwitchboardError extends Error {
    /**
     * @param {string} code one of the protocol's error codes, or `DISCONNECTED`, `TIMEOUT`, `NETWORK`, `OUTBOX_FULL`, `DISCARDED`, `OTHER_USER`
     * @param {string} message for people
     * @param {{status?: number, retryAfterMs?: number}} [details]
     */
    constructor(code, message, { status, retryAfterMs } = {}) {
        super(message);
        this.name = 'SwitchboardError';
        this.code = code;
        /** The HTTP status, of a request's answer. */
        this.status = status;
        this.retryAfterMs = retryAfterMs;
    }
}

/** Close codes after which connecting again is of no use (docs/protocol.md, close codes). */
const FINAL_CLOSE_CODES = new Set([1000, 4001, 4003, 1008]);
/** Errors after which the same message may be sent again as it is. */
const RETRYABLE = new Set(['STORE_UNAVAILABLE', 'RATE_LIMITED', 'INTERNAL']);
const BACKOFF_BASE_MS = 500;
const BACKOFF_LIMIT_MS = 15_000;
const RATE_LIMIT_PAUSE_MS = 5_000;
const STABLE_AFTER_MS = 10_000;
const ANSWER_TIMEOUT_MS = 15_000;
const WELCOME_TIMEOUT_MS = 15_000;
const RESEND_AFTER_MS = 20_000;
const OUTBOX_LIMIT = 1_000;
const CURSORS_A_FRAME = 400;
/** The server waits 10 s for a `SYNC`, also for the next one after it has refused one. */
const SYNC_BACKOFF_LIMIT_MS = 5_000;
const PAGE_SIZE = 200;

/**
 * How far a client is in each conversation: the highest number below which it has everything, and what it has above that.
 */
export class Cursors {
    /** @type {Map<string, {seq: number | null, above: Set<number>}>} */
    #of = new Map();

    /**
     * Everything up to `seq` is here, or can be had as history.
     * @param {string} conversationId
     * @param {number} seq
     */
    raise(conversationId, seq) {
        const entry = this.#entry(conversationId);
        if (entry.seq !== null && seq <= entry.seq) return;
        entry.seq = seq;
        for (const number of entry.above) if (number <= seq) entry.above.delete(number);
        this.#absorb(entry);
    }

    /**
     * A message came over the connection, which brings each conversation in order and without a hole from where it began.
     * @returns {boolean} false where it was here already
     */
    receive(/** @type {string} */ conversationId, /** @type {number} */ seq) {
        const entry = this.#entry(conversationId);
        if (entry.seq === null && !entry.above.has(seq)) {
            this.raise(conversationId, seq);
            return true;
        }
        return this.#note(entry, seq);
    }

    /**
     * A single message is here, whatever lies below it: the answer to a send, or one of a page.
     * @returns {boolean} false where it was here already
     */
    note(/** @type {string} */ conversationId, /** @type {number} */ seq) {
        return this.#note(this.#entry(conversationId), seq);
    }

    /** @returns {Record<string, number>} of each conversation of which a cursor is known */
    all() {
        /** @type {Record<string, number>} */
        const cursors = {};
        for (const [id, { seq }] of this.#of) if (seq !== null) cursors[id] = seq;
        return cursors;
    }

    /** @returns {number | null} */
    of(/** @type {string} */ conversationId) {
        return this.#of.get(conversationId)?.seq ?? null;
    }

    /** The conversation is none of the user's any more. */
    forget(/** @type {string} */ conversationId) {
        this.#of.delete(conversationId);
    }

    #entry(/** @type {string} */ conversationId) {
        let entry = this.#of.get(conversationId);
        if (!entry) {
            entry = { seq: null, above: new Set() };
            this.#of.set(conversationId, entry);
        }
        return entry;
    }

    #note(/** @type {{seq: number | null, above: Set<number>}} */ entry, /** @type {number} */ seq) {
        if ((entry.seq !== null && seq <= entry.seq) || entry.above.has(seq)) return false;
        entry.above.add(seq);
        if (entry.seq === null && entry.above.has(1)) entry.seq = 0;
        this.#absorb(entry);
        return true;
    }

    #absorb(/** @type {{seq: number | null, above: Set<number>}} */ entry) {
        if (entry.seq === null) return;
        while (entry.above.delete(entry.seq + 1)) entry.seq += 1;
    }
}

/**
 * A user's connection to Switchboard.
 *
 * Events, each a `CustomEvent` with its `detail`:
 * - `status` `{status, reason?, code?, retryInMs?}`: what the connection is doing; `stopped` is final until `connect()`
 * - `welcome` the `WELCOME` frame; `synced` `{complete}`: what was missed is here
 * - `reset` `{conversations}`: the server's store is at an earlier state than this client; drop every message, this is the list now
 * - `message` `{message, source}`: a message that was not here before; `source` is `live`, `ack` or `page`
 * - `update` `{message}`: an edit, a deletion or a reaction; drop it where its `rev` is lower than the one you have
 * - `typing`, `read`, `presence`, `presence-state`, `degraded`, `goaway`: the frames of the like names
 * - `outbox` `{entry, removed}`: an unsent message was added, changed or removed
 * - `refused` `{code, message}`: an `ERROR` that answers nothing in particular
 */
export class SwitchboardClient extends EventTarget {
    /** @type {Status} */
    status = 'idle';
    /** Whether messages from other instances are coming late; see `degraded`. */
    isDegraded = false;
    /** The last `WELCOME`: who one is, and which instance one is connected to. @type {any} */
    session = null;
    cursors = new Cursors();

    /** @type {Environment} */
    #env;
    #baseURL;
    #token;
    #storage;
    /** @type {WebSocket | null} */
    #socket = null;
    /** Raised with each socket, so that what belongs to an older one is known. */
    #generation = 0;
    #attempt = 0;
    #onlineSince = 0;
    #notBefore = 0;
    /** @type {string | null} */
    #stamp = null;
    /** The `SYNC` that waits for its answer: the `ref`s of its parts begin with `name`; `error` is the first refusal of a part. */
    #sync = { name: '', last: '', /** @type {SwitchboardError | null} */ error: null, isAnew: false };
    /** How many `SYNC`s this connection was refused in a row. */
    #syncRefusals = 0;
    /** Whether the cursors are of no use any more, and the list has to be read before the next `SYNC`. */
    #mustBeginAnew = false;
    #lastHeard = 0;
    #pingedAt = 0;
    /** @type {{code: string, message: string} | null} */
    #farewell = null;
    #timers = new Map();
    #nextRef = 1;
    /** @type {Map<string, {resolve: (frame: any) => void, reject: (error: SwitchboardError) => void, timer: any}>} */
    #waiting = new Map();
    /** @type {(Outgoing & {retryAt: number, sentAt: number, tries: number, settle: {promise: Promise<Message>, resolve: Function, reject: Function}})[]} */
    #outbox = [];
    /** Whose connection and outbox these are, as a log-in, `me()` or a `WELCOME` said; '' where it isn't known. */
    #userId = '';

    /** @param {Options} [options] */
    constructor({ baseURL, token, storage, environment } = {}) {
        super();
        this.#baseURL = new URL(baseURL ?? globalThis.location?.origin ?? 'http://localhost:8000');
        this.#token = token;
        this.#storage = storage;
        this.#env = {
            WebSocket: globalThis.WebSocket,
            fetch: (...request) => globalThis.fetch(...request),
            setTimeout: (call, ms) => globalThis.setTimeout(call, ms),
            clearTimeout: (timer) => globalThis.clearTimeout(timer),
            now: () => Date.now(),
            random: () => Math.random(),
            ...environment,
        };
    }

    // Accounts and HTTP

    /**
     * Asks the HTTP API.
     * @param {string} method
     * @param {string} path from `/api/` on
     * @param {unknown} [body] becomes JSON
     * @returns {Promise<any>} the answer's JSON; null where it has none
     * @throws {SwitchboardError}
     */
    async request(method, path, body) {
        /** @type {Record<string, string>} */
        const headers = {};
        if (body !== undefined) headers['Content-Type'] = 'application/json';
        if (this.#token) headers.Authorization = `Bearer ${this.#token}`;
        let response;
        let text;
        try {
            response = await this.#env.fetch(new URL(path, this.#baseURL), {
                method,
                headers,
                body: body === undefined ? undefined : JSON.stringify(body),
                credentials: this.#token ? 'omit' : 'same-origin',
                cache: 'no-store',
            });
            text = await response.text();
        } catch {
            throw new SwitchboardError('NETWORK', 'The server can’t be reached.');
        }
        const json = parse(text);
        if (response.ok) return json;
        const seconds = Number(response.headers.get('Retry-After'));
        throw new SwitchboardError(json?.error?.code ?? 'INTERNAL', json?.error?.message ?? `The server answered ${response.status}.`, {
            status: response.status,
            retryAfterMs: seconds > 0 ? seconds * 1_000 : undefined,
        });
    }

    /** Makes an account and logs in. @returns {Promise<User>} */
    register(/** @type {string} */ username, /** @type {string} */ password) {
        return this.#logIn('/api/auth/register', username, password);
    }

    /** @returns {Promise<User>} */
    logIn(/** @type {string} */ username, /** @type {string} */ password) {
        return this.#logIn('/api/auth/login', username, password);
    }

    async #logIn(/** @type {string} */ path, /** @type {string} */ username, /** @type {string} */ password) {
        const answer = await this.request('POST', path, { username, password });
        this.#become(answer.user.userId);
        this.#forgetPlace();
        // On another origin the cookie doesn't come along.
        if (this.#baseURL.origin !== globalThis.location?.origin) this.#token = answer.token;
        return answer.user;
    }

    /**
     * Ends this session on every instance; what is unsent is given up.
     * @throws {SwitchboardError} where the session may live on: the connection comes back, and what is unsent stays
     */
    async logOut() {
        const wasConnected = this.status !== 'idle' && this.status !== 'stopped';
        // The server ends the connection before it answers.
        this.disconnect();
        try {
            await this.request('POST', '/api/auth/logout');
        } catch (error) {
            // Any other refusal leaves the session as it was.
            if (!(error instanceof SwitchboardError) || error.status !== 401) {
                if (wasConnected) this.connect();
                throw error;
            }
        }
        this.#clearOutbox();
        this.#forgetPlace();
        this.#userId = '';
    }

    /** Who is logged in; from then on the outbox is theirs. @returns {Promise<User>} */
    async me() {
        const { user } = await this.request('GET', '/api/me');
        this.#become(user.userId);
        return user;
    }

    /** What is here of another user goes: their connection, their place in conversations, and what they have not sent, which is kept for them. */
    #become(/** @type {string} */ userId) {
        if (this.#userId === userId) return;
        if (this.#userId) {
            if (this.status !== 'idle' && this.status !== 'stopped') this.#stop('OTHER_USER', 0);
            this.#forgetPlace();
            this.#leaveOutbox();
        }
        this.#userId = userId;
        this.#restoreOutbox();
    }

    /** The user's conversations, the newest first; from now on those after them are missed by nobody. @returns {Promise<Conversation[]>} */
    async conversations() {
        /** @type {Map<string, Conversation>} */
        const found = new Map();
        const read = async (/** @type {string | undefined} */ after) => {
            const query = new URLSearchParams({ limit: '500' });
            if (after !== undefined) query.set('after', after);
            const { conversations, next } = await this.request('GET', `/api/conversations?${query}`);
            const news = conversations.filter((/** @type {Conversation} */ { conversationId }) => !found.has(conversationId));
            for (const conversation of news) {
                const { conversationId, lastSeq } = conversation;
                found.set(conversationId, conversation);
                // Once connected, the connection and pages tell what is here: the list alone brings no messages.
                if (this.#stamp === null && this.cursors.of(conversationId) === null) this.cursors.raise(conversationId, lastSeq);
            }
            return { news, next };
        };
        const first = await read();
        for (let { next } = first; next !== undefined; ) ({ next } = await read(next));
        if (first.next === undefined) return first.news;
        const rest = [...found.values()];
        // What has had a message since the first page was read is in front of it, and on no page behind it.
        const moved = [];
        for (let { news } = await read(); news.length > 0; ({ news } = await read())) moved.unshift(...news);
        return [...moved, ...rest];
    }

    /**
     * A page of history, ascending: the newest, or what lies directly below `before` or above `after`.
     * @param {string} conversationId
     * @param {{before?: number, after?: number, limit?: number}} [range]
     * @returns {Promise<{messages: Message[], hasMore: boolean}>}
     */
    async history(conversationId, { before, after, limit = 50 } = {}) {
        const query = new URLSearchParams({ limit: String(limit) });
        if (before !== undefined) query.set('before', String(before));
        if (after !== undefined) query.set('after', String(after));
        const page = await this.request('GET', `/api/conversations/${encodeURIComponent(conversationId)}/messages?${query}`);
        const isNewest = before === undefined && after === undefined;
        const last = page.messages.at(-1);
        if (isNewest && last && this.cursors.of(conversationId) === null) this.cursors.raise(conversationId, last.seq);
        for (const message of page.messages) this.cursors.note(conversationId, message.seq);
        return page;
    }

    // The connection

    /** Connects, and stays connected until `disconnect()` or until the server says that it's of no use. */
    connect() {
        if (this.status !== 'idle' && this.status !== 'stopped') return;
        this.#attempt = 0;
        this.#farewell = null;
        this.#open();
    }

    /** Ends the connection. What is unsent stays in the outbox. */
    disconnect() {
        this.#drop(1000);
        this.#setStatus('idle');
    }

    /** Looks after the connection at once: when the network is back, or the page is seen again. */
    wake() {
        if (this.status === 'waiting') {
            this.#later('reconnect', Math.max(0, this.#notBefore - this.#env.now()), () => this.#open());
        } else if (this.status === 'online' && this.#env.now() - this.#lastHeard > 5_000) {
            this.#ping();
        }
    }

    #open() {
        this.#drop(1000);
        this.#setStatus('connecting');
        const generation = this.#generation;
        const url = new URL('/ws?resume=1', this.#baseURL);
        url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
        const protocols = this.#token ? ['switchboard.v1', `bearer.${this.#token}`] : [];
        const socket = new this.#env.WebSocket(url, protocols);
        this.#socket = socket;
        this.#lastHeard = this.#env.now();
        this.#later('welcome', WELCOME_TIMEOUT_MS, () => this.#lost(generation));
        socket.onmessage = (event) => {
            if (generation !== this.#generation) return;
            this.#lastHeard = this.#env.now();
            this.#pingedAt = 0;
            const frame = typeof event.data === 'string' ? parse(event.data) : null;
            if (frame) this.#receive(frame);
        };
        socket.onclose = (event) => {
            if (generation === this.#generation) this.#closed(event.code, event.reason);
        };
    }

    /** Leaves the socket, if there is one, and what waits for its answers. */
    #drop(/** @type {number} */ code) {
        this.#generation += 1;
        const socket = this.#socket;
        this.#socket = null;
        for (const name of ['welcome', 'heartbeat', 'reconnect', 'goaway', 'sync']) this.#cancel(name);
        this.#syncRefusals = 0;
        for (const entry of this.#outbox) if (entry.state === 'sending') entry.state = 'queued';
        const waiting = [...this.#waiting.values()];
        this.#waiting.clear();
        for (const { reject, timer } of waiting) {
            this.#env.clearTimeout(timer);
            reject(new SwitchboardError('DISCONNECTED', 'The connection was lost before the answer came.'));
        }
        if (socket && socket.readyState < 2) socket.close(code);
    }

    /** The socket says nothing any more. */
    #lost(/** @type {number} */ generation) {
        if (generation === this.#generation) this.#closed(1006, '');
    }

    async #closed(/** @type {number} */ code, /** @type {string} */ reason) {
        const wasWelcome = this.status === 'online' || this.status === 'syncing';
        if (this.status === 'online' && this.#env.now() - this.#onlineSince >= STABLE_AFTER_MS) this.#attempt = 0;
        // One was refused, and the next one came too late: the timers of a page in the background are slow.
        const wasLate = reason === 'SYNC_EXPECTED' && (this.#syncRefusals > 0 || this.#mustBeginAnew);
        this.#drop(1000);
        if (FINAL_CLOSE_CODES.has(code) && !wasLate) {
            const known = { 4001: 'UNAUTHENTICATED', 4003: 'ACCOUNT_SUSPENDED', 1008: 'BAD_FRAMES' };
            this.#stop(reason || known[/** @type {4001} */ (code)] || 'CLOSED', code);
            return;
        }
        this.#reconnectLater(code);
        if (!wasWelcome) await this.#findRefusal();
    }

    /** Browsers don't tell why an upgrade was refused; the HTTP API does. */
    async #findRefusal() {
        const generation = this.#generation;
        try {
            await this.request('GET', '/api/me');
        } catch (error) {
            if (generation !== this.#generation || !(error instanceof SwitchboardError)) return;
            if (error.status === 401 || error.code === 'ACCOUNT_SUSPENDED') this.#stop(error.code, 0);
        }
    }

    #reconnectLater(/** @type {number} */ code) {
        const limit = Math.min(BACKOFF_LIMIT_MS, BACKOFF_BASE_MS * 2 ** this.#attempt);
        this.#attempt += 1;
        let delay = this.#env.random() * limit;
        if (code === 4029) delay += RATE_LIMIT_PAUSE_MS;
        const pause = this.#notBefore - this.#env.now();
        // After a GOAWAY the server has chosen the moment, a different one for each client.
        if (pause > 0) delay = pause;
        this.#later('reconnect', delay, () => this.#open());
        this.#setStatus('waiting', { code, retryInMs: Math.round(delay) });
    }

    #stop(/** @type {string} */ reason, /** @type {number} */ code) {
        this.#drop(1000);
        const text = this.#farewell?.message;
        this.#setStatus('stopped', { reason: reason === 'Removed' || reason === 'Session revoked' ? reason : this.#farewell?.code ?? reason, code, message: text });
    }

    #setStatus(/** @type {Status} */ status, detail = {}) {
        this.status = status;
        this.#emit('status', { status, ...detail });
    }

    #beat() {
        const every = this.session?.heartbeatMs ?? 25_000;
        const generation = this.#generation;
        this.#later('heartbeat', every / 2, () => {
            const now = this.#env.now();
            if (this.#pingedAt > 0 && now - this.#pingedAt >= 10_000) return this.#lost(generation);
            if (now - this.#lastHeard >= every * 0.9 && this.#pingedAt === 0) this.#ping();
            for (const entry of this.#outbox) {
                if (entry.state === 'sending' && now - entry.sentAt > RESEND_AFTER_MS) entry.state = 'queued';
            }
            this.#flush();
            this.#beat();
        });
    }

    #ping() {
        if (this.#pingedAt > 0) return;
        const generation = this.#generation;
        this.#pingedAt = this.#env.now();
        this.#write({ type: 'PING' });
        this.#later('pong', 10_000, () => {
            if (this.#pingedAt > 0) this.#lost(generation);
        });
    }

    // Frames

    #receive(/** @type {any} */ frame) {
        switch (frame.type) {
            case 'WELCOME':
                return this.#welcomed(frame);
            case 'SYNCED':
                return this.#synced(frame);
            case 'ACK':
                if (frame.message) this.#acknowledged(frame.clientMessageId ?? frame.ref, frame.message);
                return this.#answer(frame);
            case 'ERROR':
                return this.#refused(frame);
            case 'MESSAGE_RECEIVE':
                if (frame.message.clientMessageId) this.#delivered(frame.message.clientMessageId, frame.message);
                if (this.cursors.receive(frame.message.conversationId, frame.message.seq)) {
                    this.#emit('message', { message: frame.message, source: 'live' });
                }
                return;
            case 'MESSAGE_UPDATE':
                return this.#emit('update', { message: frame.message });
            case 'CHANNEL_JOINED':
                return this.#answer(frame);
            case 'PRESENCE_STATE':
                this.#emit('presence-state', { users: frame.users });
                return this.#answer(frame);
            case 'CLUSTER_STATUS':
                this.isDegraded = frame.degraded === true;
                return this.#emit('degraded', { degraded: this.isDegraded });
            case 'GOAWAY':
                return this.#goAway(frame);
            case 'TYPING':
                return this.#emit('typing', frame);
            case 'READ_RECEIPT':
                return this.#emit('read', frame);
            case 'PRESENCE':
                return this.#emit('presence', frame);
            case 'PONG':
                return this.#answer(frame);
            default:
            // A later server may know frames that this client doesn't.
        }
    }

    #welcomed(/** @type {any} */ frame) {
        // The cookie is of another log-in by now: what is here must not go out as somebody else's.
        if (this.#userId && frame.userId !== this.#userId) return this.#stop('OTHER_USER', 0);
        this.#cancel('welcome');
        this.session = frame;
        this.#notBefore = 0;
        this.#become(frame.userId);
        if (this.isDegraded) {
            this.isDegraded = false;
            this.#emit('degraded', { degraded: false });
        }
        this.#emit('welcome', frame);
        this.#setStatus('syncing');
        this.#catchUp();
        this.#beat();
    }

    /** Asks for what was missed. */
    #catchUp() {
        if (this.#mustBeginAnew) this.#beginAnew();
        else this.#sendSync({ isAnew: false });
    }

    #sendSync(/** @type {{isAnew: boolean}} */ { isAnew }) {
        const cursors = Object.entries(this.cursors.all());
        const parts = Math.max(1, Math.ceil(cursors.length / CURSORS_A_FRAME));
        const name = `s${this.#nextRef++}.`;
        this.#sync = { name, last: `${name}${parts}`, error: null, isAnew };
        for (let part = 1; part <= parts; part += 1) {
            this.#write({
                type: 'SYNC',
                ref: `${name}${part}`,
                cursors: Object.fromEntries(cursors.slice((part - 1) * CURSORS_A_FRAME, part * CURSORS_A_FRAME)),
                ...(this.#stamp !== null && { stamp: this.#stamp }),
                ...(part < parts && { more: true }),
            });
        }
    }

    /** A part of a `SYNC` was refused, and those after it are for that: the first refusal says why, the last one ends it. */
    #refusedSync(/** @type {string} */ ref, /** @type {SwitchboardError} */ error) {
        this.#sync.error ??= error;
        if (ref !== this.#sync.last) return;
        const reason = this.#sync.error;
        if (reason.code === 'BAD_REQUEST') {
            // The server's own numbers are refused: they would be again.
            if (this.#sync.isAnew) return this.#stop('SYNC_REFUSED', 0);
            this.#mustBeginAnew = true;
            return this.#catchUp();
        }
        this.#catchUpLater(reason);
    }

    #catchUpLater(/** @type {SwitchboardError} */ { code, retryAfterMs }) {
        this.#syncRefusals += 1;
        const backoff = this.#env.random() * Math.min(SYNC_BACKOFF_LIMIT_MS, BACKOFF_BASE_MS * 2 ** this.#syncRefusals);
        const delay = Math.max(retryAfterMs ?? 0, backoff);
        this.#later('sync', delay, () => this.#catchUp());
        this.#setStatus('syncing', { reason: code, retryInMs: Math.round(delay) });
    }

    /** The server lacks a message that was here: its store was put back to an earlier state, and nothing that is known counts any more. */
    async #beginAnew() {
        const generation = this.#generation;
        this.#forgetPlace();
        this.#mustBeginAnew = true;
        let conversations;
        try {
            conversations = await this.conversations();
        } catch (error) {
            if (generation === this.#generation) this.#catchUpLater(/** @type {SwitchboardError} */ (error));
            return;
        }
        if (generation !== this.#generation) return;
        this.#mustBeginAnew = false;
        this.#emit('reset', { conversations });
        this.#sendSync({ isAnew: true });
    }

    /** Forgets how far one is in each conversation. */
    #forgetPlace() {
        this.#stamp = null;
        this.cursors = new Cursors();
        this.#mustBeginAnew = false;
    }

    #synced(/** @type {any} */ frame) {
        this.#cancel('sync');
        this.#syncRefusals = 0;
        this.#stamp = frame.stamp;
        for (const [id, seq] of Object.entries(frame.cursors ?? {})) this.cursors.raise(id, seq);
        this.#onlineSince = this.#env.now();
        this.#setStatus('online');
        this.#emit('synced', { complete: frame.complete });
        this.#flush();
        if (!frame.complete) this.#pageMiddle(Object.keys(frame.cursors ?? {}));
    }

    /** Brings by HTTP what lies between a `SYNC`'s last part and what is live. */
    async #pageMiddle(/** @type {string[]} */ conversationIds) {
        const generation = this.#generation;
        for (const id of conversationIds) {
            for (let hasMore = true; hasMore; ) {
                const after = this.cursors.of(id);
                if (after === null) break;
                try {
                    const query = `after=${after}&limit=${PAGE_SIZE}`;
                    const page = await this.request('GET', `/api/conversations/${encodeURIComponent(id)}/messages?${query}`);
                    if (generation !== this.#generation) return;
                    for (const message of page.messages) {
                        if (this.cursors.note(id, message.seq)) this.#emit('message', { message, source: 'page' });
                    }
                    hasMore = page.hasMore && page.messages.length > 0;
                } catch (error) {
                    if (generation !== this.#generation) return;
                    const mayWork = error instanceof SwitchboardError && (error.code === 'NETWORK' || RETRYABLE.has(error.code));
                    if (!mayWork) break;
                    await new Promise((resolve) => this.#env.setTimeout(() => resolve(undefined), 1_000));
                    if (generation !== this.#generation) return;
                }
            }
        }
    }

    #goAway(/** @type {any} */ frame) {
        const delay = Number(frame.reconnectAfterMs) || 0;
        this.#notBefore = this.#env.now() + delay;
        this.#attempt = 0;
        this.#later('goaway', delay, () => this.#open());
        this.#emit('goaway', frame);
    }

    #refused(/** @type {any} */ frame) {
        const error = new SwitchboardError(frame.code, frame.message, { retryAfterMs: frame.retryAfterMs });
        if (frame.code === 'ACCOUNT_SUSPENDED' || frame.code === 'TOKEN_EXPIRED') this.#farewell = frame;
        const entry = this.#outbox.find(({ clientMessageId, state }) => clientMessageId === frame.ref && state === 'sending');
        if (entry) return this.#refusedEntry(entry, error);
        if (this.status === 'syncing' && frame.ref?.startsWith(this.#sync.name)) return this.#refusedSync(frame.ref, error);
        const waiting = this.#waiting.get(frame.ref);
        if (!waiting) return this.#emit('refused', { code: frame.code, message: frame.message });
        this.#waiting.delete(frame.ref);
        this.#env.clearTimeout(waiting.timer);
        waiting.reject(error);
    }

    #answer(/** @type {any} */ frame) {
        const waiting = this.#waiting.get(frame.ref);
        if (!waiting) return;
        this.#waiting.delete(frame.ref);
        this.#env.clearTimeout(waiting.timer);
        waiting.resolve(frame);
    }

    #write(/** @type {any} */ frame) {
        if (this.#socket?.readyState === 1) this.#socket.send(JSON.stringify(frame));
    }

    /**
     * Sends a command and waits for what answers it.
     * @param {string} type
     * @param {object} [fields]
     * @returns {Promise<any>} the answering frame
     */
    command(type, fields = {}) {
        if (this.status !== 'online') return Promise.reject(new SwitchboardError('DISCONNECTED', 'There is no connection now.'));
        const ref = `r${this.#nextRef++}`;
        return new Promise((resolve, reject) => {
            const timer = this.#env.setTimeout(() => {
                this.#waiting.delete(ref);
                reject(new SwitchboardError('TIMEOUT', 'The server did not answer.'));
            }, ANSWER_TIMEOUT_MS);
            this.#waiting.set(ref, { resolve, reject, timer });
            this.#write({ type, ref, ...fields });
        });
    }

    // Commands

    edit(/** @type {string} */ conversationId, /** @type {string} */ messageId, /** @type {string} */ content) {
        return this.command('MESSAGE_EDIT', { conversationId, messageId, content });
    }

    delete(/** @type {string} */ conversationId, /** @type {string} */ messageId) {
        return this.command('MESSAGE_DELETE', { conversationId, messageId });
    }

    /** @param {'add' | 'remove'} op */
    react(/** @type {string} */ conversationId, /** @type {string} */ messageId, /** @type {string} */ emoji, op) {
        return this.command('REACTION', { conversationId, messageId, emoji, op });
    }

    /** @returns {Promise<{channelId: string, lastSeq: number, members: number}>} */
    async join(/** @type {string} */ channelId) {
        const since = this.cursors.of(channelId);
        const answer = await this.command('CHANNEL_JOIN', { channelId, ...(since !== null && { since }) });
        if (since === null) this.cursors.raise(channelId, answer.lastSeq);
        return answer;
    }

    async leave(/** @type {string} */ channelId) {
        await this.command('CHANNEL_LEAVE', { channelId });
        this.cursors.forget(channelId);
    }

    markRead(/** @type {string} */ conversationId, /** @type {number} */ seq) {
        return this.command('READ', { conversationId, seq });
    }

    /** Best effort: nothing answers it. */
    typing(/** @type {string} */ conversationId, /** @type {boolean} */ isTyping) {
        if (this.status === 'online') this.#write({ type: 'TYPING', conversationId, isTyping });
    }

    /** @param {'online' | 'away' | 'busy'} status */
    setPresence(status) {
        return this.command('PRESENCE_SET', { status });
    }

    /** Tells of these people's presence from now on, on this connection; up to 500. */
    watch(/** @type {string[]} */ userIds) {
        return this.command('PRESENCE_WATCH', { userIds });
    }

    unwatch(/** @type {string[]} */ userIds) {
        return this.command('PRESENCE_UNWATCH', { userIds });
    }

    // The outbox

    /** What the server may not have yet, the oldest first. @returns {readonly Outgoing[]} */
    get outbox() {
        return this.#outbox;
    }

    /**
     * Sends a message, again and again with the same `clientMessageId` until the server has it. Messages to one conversation
     * go one after the other, so that they keep their order.
     * @param {Target} target
     * @param {string} content 1–4,000 characters
     * @returns {Promise<Message>} settles with the server's answer; the `outbox` event tells the same
     */
    send(target, content) {
        if (this.#outbox.length >= OUTBOX_LIMIT) {
            return Promise.reject(new SwitchboardError('OUTBOX_FULL', `At most ${OUTBOX_LIMIT} messages can wait to be sent.`));
        }
        const entry = this.#outgoing({ clientMessageId: this.#newId(), target, content, createdAt: new Date(this.#env.now()).toISOString() });
        this.#outbox.push(entry);
        this.#outboxChanged(entry);
        this.#flush();
        return entry.settle.promise;
    }

    /** Tries again to send a message that has failed. */
    retry(/** @type {string} */ clientMessageId) {
        const entry = this.#outbox.find((entry) => entry.clientMessageId === clientMessageId && entry.state === 'failed');
        if (!entry) return;
        Object.assign(entry, { state: 'queued', error: undefined, retryAt: 0, settle: settler() });
        this.#outboxChanged(entry);
        this.#flush();
    }

    /** Gives up on a message that has failed. */
    discard(/** @type {string} */ clientMessageId) {
        const entry = this.#outbox.find((entry) => entry.clientMessageId === clientMessageId && entry.state === 'failed');
        if (entry) this.#remove(entry);
    }

    #flush() {
        if (this.status !== 'online') return;
        const now = this.#env.now();
        const busy = new Set();
        let next = Infinity;
        for (const entry of this.#outbox) {
            const target = entry.target.recipientId ?? entry.target.channelId;
            if (entry.state === 'failed' || busy.has(target)) continue;
            busy.add(target);
            if (entry.state === 'sending') continue;
            if (entry.retryAt > now) {
                next = Math.min(next, entry.retryAt);
                continue;
            }
            entry.state = 'sending';
            entry.sentAt = now;
            const { clientMessageId, content } = entry;
            this.#write({ type: 'MESSAGE_SEND', ref: clientMessageId, clientMessageId, content, ...entry.target });
        }
        if (next < Infinity) this.#later('flush', next - now, () => this.#flush());
    }

    #acknowledged(/** @type {string} */ clientMessageId, /** @type {Message} */ message) {
        const isNew = this.cursors.note(message.conversationId, message.seq);
        this.#delivered(clientMessageId, message);
        if (isNew) this.#emit('message', { message, source: 'ack' });
        this.#flush();
    }

    /** The server has it: its answer says so, or another connection's echo. */
    #delivered(/** @type {string} */ clientMessageId, /** @type {Message} */ message) {
        const entry = this.#outbox.find((entry) => entry.clientMessageId === clientMessageId);
        if (!entry) return;
        entry.settle.resolve(message);
        this.#remove(entry);
    }

    #refusedEntry(/** @type {any} */ entry, /** @type {SwitchboardError} */ error) {
        if (RETRYABLE.has(error.code)) {
            entry.state = 'queued';
            entry.tries += 1;
            const backoff = this.#env.random() * Math.min(BACKOFF_LIMIT_MS, BACKOFF_BASE_MS * 2 ** entry.tries);
            entry.retryAt = this.#env.now() + Math.max(error.retryAfterMs ?? 0, backoff);
        } else {
            entry.state = 'failed';
            entry.error = error;
            entry.settle.reject(error);
        }
        this.#outboxChanged(entry);
        this.#flush();
    }

    #outgoing(/** @type {any} */ fields) {
        return { state: 'queued', retryAt: 0, sentAt: 0, tries: 0, settle: settler(), ...fields };
    }

    #remove(/** @type {any} */ entry) {
        this.#outbox.splice(this.#outbox.indexOf(entry), 1);
        this.#outboxChanged(entry, true);
    }

    #outboxChanged(/** @type {any} */ entry, removed = false) {
        this.#keepOutbox();
        this.#emit('outbox', { entry, removed });
    }

    get #outboxKey() {
        return `switchboard.outbox.${this.#userId}`;
    }

    #keepOutbox() {
        if (!this.#storage || !this.#userId) return;
        const unsent = this.#outbox.map(({ clientMessageId, target, content, createdAt }) => ({ clientMessageId, target, content, createdAt }));
        try {
            if (unsent.length > 0) this.#storage.setItem(this.#outboxKey, JSON.stringify(unsent));
            else this.#storage.removeItem(this.#outboxKey);
        } catch {
            // A full or forbidden storage: the outbox lives as long as the page.
        }
    }

    /** Puts what was kept before what was written since. */
    #restoreOutbox() {
        let kept = null;
        try {
            kept = parse(this.#storage?.getItem(this.#outboxKey) ?? 'null');
        } catch {
            // As above.
        }
        const restored = (Array.isArray(kept) ? kept : []).map((fields) => this.#outgoing(fields));
        this.#outbox.unshift(...restored);
        this.#keepOutbox();
        for (const entry of restored) this.#emit('outbox', { entry, removed: false });
    }

    /** Takes a user's messages out of this object, not out of the storage. */
    #leaveOutbox() {
        for (const entry of this.#outbox.splice(0)) {
            entry.settle.reject(new SwitchboardError('OTHER_USER', 'Somebody else has logged in.'));
            this.#emit('outbox', { entry, removed: true });
        }
    }

    #clearOutbox() {
        for (const entry of [...this.#outbox]) {
            entry.settle.reject(new SwitchboardError('DISCARDED', 'Logged out before it was sent.'));
            this.#remove(entry);
        }
    }

    #newId() {
        // crypto.randomUUID() is missing on plain http:// pages.
        const bytes = globalThis.crypto.getRandomValues(new Uint8Array(16));
        return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
    }

    // Small parts

    #later(/** @type {string} */ name, /** @type {number} */ ms, /** @type {() => void} */ call) {
        this.#cancel(name);
        this.#timers.set(name, this.#env.setTimeout(() => {
            this.#timers.delete(name);
            call();
        }, ms));
    }

    #cancel(/** @type {string} */ name) {
        if (!this.#timers.has(name)) return;
        this.#env.clearTimeout(this.#timers.get(name));
        this.#timers.delete(name);
    }

    #emit(/** @type {string} */ type, /** @type {any} */ detail) {
        this.dispatchEvent(new CustomEvent(type, { detail }));
    }
}

/** The JSON that `text` is; null where it is none. */
function parse(/** @type {string} */ text) {
    try {
        return JSON.parse(text);
    } catch {
        return null;
    }
}

/** A promise with its ends in hand; nobody has to catch it. */
function settler() {
    /** @type {any} */
    const ends = {};
    ends.promise = new Promise((resolve, reject) => Object.assign(ends, { resolve, reject }));
    ends.promise.catch(() => {});
    return ends;
}

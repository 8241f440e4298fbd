/** A server and a clock that a test holds in its hands. */

import { SwitchboardClient } from '/switchboard-client.js';
import { settle } from './expect.js';

class Socket {
    readyState = 0;
    sent = [];

    constructor(url, protocols) {
        this.url = String(url);
        this.protocols = protocols;
        Socket.opened.push(this);
    }

    send(text) {
        this.sent.push(JSON.parse(text));
    }

    close(code) {
        this.readyState = 3;
        this.closedWith = code;
    }

    /** What the server does. */
    say(frame) {
        this.onmessage({ data: JSON.stringify(frame) });
    }

    end(code, reason = '') {
        this.readyState = 3;
        this.onclose({ code, reason });
    }

    welcome(fields = {}) {
        this.readyState = 1;
        this.say({ type: 'WELCOME', sessionId: 's', userId: 'me', username: 'me', role: 'user', instanceId: 'A', heartbeatMs: 25_000, ...fields });
    }

    /** The last part of the last SYNC, without the name that its answer bears. */
    get sync() {
        const { ref, ...rest } = this.last('SYNC');
        return rest;
    }

    /** Refuses the last part of the last SYNC. */
    refuseSync(code, fields = {}) {
        this.say({ type: 'ERROR', ref: this.last('SYNC').ref, code, message: '', ...fields });
    }

    synced(fields = {}) {
        this.say({ type: 'SYNCED', cursors: {}, stamp: '1', complete: true, ...fields });
    }

    frames(type) {
        return this.sent.filter((frame) => frame.type === type);
    }

    last(type) {
        return this.frames(type).at(-1);
    }
}

export class Surroundings {
    sockets = (Socket.opened = []);
    requests = [];
    events = [];
    random = 0.5;
    #now = 1_000_000;
    #timers = new Map();
    #nextTimer = 1;

    /** @param {(method: string, path: string) => {status?: number, body?: any} | undefined} answer of the HTTP API */
    constructor(answer = () => undefined, options = {}) {
        this.client = new SwitchboardClient({
            baseURL: 'http://chat.test',
            ...options,
            environment: {
                WebSocket: Socket,
                fetch: async (url, { method }) => {
                    const path = url.pathname + url.search;
                    this.requests.push(`${method} ${path}`);
                    const { status = 200, body = {} } = answer(method, path) ?? {};
                    return new Response(JSON.stringify(body), { status });
                },
                setTimeout: (call, ms) => {
                    this.#timers.set(this.#nextTimer, { call, at: this.#now + ms });
                    return this.#nextTimer++;
                },
                clearTimeout: (timer) => this.#timers.delete(timer),
                now: () => this.#now,
                random: () => this.random,
            },
        });
        for (const type of ['status', 'message', 'update', 'outbox', 'synced', 'reset', 'degraded', 'goaway', 'refused']) {
            this.client.addEventListener(type, ({ detail }) => this.events.push({ type, ...detail }));
        }
    }

    get socket() {
        return this.sockets.at(-1);
    }

    of(type) {
        return this.events.filter((event) => event.type === type);
    }

    get seqs() {
        return this.of('message').map(({ message }) => message.seq);
    }

    /** Connects and catches up with nothing. */
    online(welcome) {
        this.client.connect();
        this.socket.welcome(welcome);
        this.socket.synced();
    }

    /** Lets time pass, timer after timer. */
    async pass(ms) {
        const end = this.#now + ms;
        for (;;) {
            const due = [...this.#timers].filter(([, { at }]) => at <= end).sort((a, b) => a[1].at - b[1].at)[0];
            if (!due) break;
            this.#timers.delete(due[0]);
            this.#now = Math.max(this.#now, due[1].at);
            due[1].call();
            await settle();
        }
        this.#now = end;
        await settle();
    }
}

export const message = (seq, fields = {}) => ({
    messageId: `m${seq}`, conversationId: 'dm:me:you', seq, senderId: 'you', senderName: 'you', content: `text ${seq}`, createdAt: '2026-01-08T12:00:00.000Z',
    ...fields,
});

export const received = (seq, fields) => ({ type: 'MESSAGE_RECEIVE', message: message(seq, fields) });

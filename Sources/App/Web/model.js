/** What the page knows: conversations, messages, people. It changes by what the client brings, and says so. */

import { OwnStatus } from './own-status.js';

const TYPING_LASTS_MS = 6_000;
const PAGE = 50;
const CHANNEL_PAGE = 200;
const MINUTE_MS = 60_000;

/**
 * Events: `list` (the conversations, their order or counts), `conversation` `{id}` (its messages), `typing` `{id}`,
 * `presence`, `arrival` `{conversation, message}` (a new message of somebody else), `connection`. What is shown of times ages:
 * `presence` comes each minute too, and `conversation` with a new day.
 */
export class ChatModel extends EventTarget {
    /** @type {Map<string, any>} */
    conversations = new Map();
    /** @type {Map<string, {status: string, lastSeen?: string}>} */
    presence = new Map();
    /** Names by user id, as far as they have been seen. @type {Map<string, string>} */
    names = new Map();
    activeId = null;
    /** Whether the user sees the end of the active conversation. */
    isReading = () => false;
    #watched = new Set();
    /** How often the connection has caught up. */
    #syncs = 0;
    #today = new Date().toDateString();
    #minutes = setInterval(() => this.#minutePassed(), MINUTE_MS);
    #listeners = new AbortController();

    constructor(client, user) {
        super();
        this.client = client;
        this.user = user;
        this.ownStatus = new OwnStatus((status) => client.setPresence(status), () => this.#emit('presence'));
        this.names.set(user.userId, user.username);
        const listen = (type, handler) =>
            client.addEventListener(type, ({ detail }) => handler(detail), { signal: this.#listeners.signal });
        listen('message', ({ message, source }) => this.#arrived(message, source));
        listen('update', ({ message }) => this.#changed(message));
        listen('typing', (frame) => this.#typing(frame));
        listen('read', (frame) => this.#read(frame));
        listen('presence', (frame) => this.#present([frame]));
        listen('presence-state', ({ users }) => this.#present(users));
        listen('outbox', ({ entry }) => this.#emit('conversation', { id: this.idOf(entry.target) }));
        listen('synced', () => this.#synced());
        listen('reset', ({ conversations }) => this.#reset(conversations));
        for (const type of ['status', 'degraded', 'welcome', 'goaway']) listen(type, () => this.#emit('connection'));
    }

    close() {
        clearInterval(this.#minutes);
        this.#listeners.abort();
        this.client.disconnect();
    }

    /** The list first, so that the connection begins where it ends. */
    async load() {
        await this.refresh();
        // It may have been closed meanwhile.
        if (!this.#listeners.signal.aborted) this.client.connect();
    }

    async refresh() {
        const summaries = await this.client.conversations();
        for (const summary of summaries) this.#take(summary);
        const listed = new Set(summaries.map(({ conversationId }) => conversationId));
        for (const [id, { kind }] of this.conversations) {
            // Left at another place.
            if (kind === 'channel' && !listed.has(id) && id !== this.activeId) this.conversations.delete(id);
        }
        this.#emit('list');
    }

    // Conversations

    /** Those with the newest message first. */
    list(kind) {
        return [...this.conversations.values()]
            .filter((conversation) => conversation.kind === kind && !conversation.isDraft)
            .sort((a, b) => (a.activeAt < b.activeAt ? 1 : a.activeAt > b.activeAt ? -1 : a.title.localeCompare(b.title)));
    }

    get unread() {
        let sum = 0;
        for (const conversation of this.conversations.values()) sum += conversation.unread;
        return sum;
    }

    /** The conversation with a person; it is listed once it has a message. */
    conversationWith(userId, username) {
        this.names.set(userId, username);
        const id = `dm:${[this.user.userId, userId].sort().join(':')}`;
        if (!this.conversations.has(id)) {
            const draft = { conversationId: id, kind: 'dm', title: username, otherUserId: userId, lastSeq: 0, readSeq: 0, unread: 0 };
            this.#take(draft).isDraft = true;
        }
        this.#watch();
        return this.conversations.get(id);
    }

    /** The channels by name, a page of them. @param {string} [after] the last `channelId` of the page before */
    async channels(after) {
        const query = new URLSearchParams({ limit: String(CHANNEL_PAGE) });
        if (after !== undefined) query.set('after', after);
        const { channels } = await this.client.request('GET', `/api/channels?${query}`);
        return { channels, hasMore: channels.length === CHANNEL_PAGE };
    }

    /** Makes a channel that nobody is in yet. */
    async createChannel(name) {
        await this.client.request('POST', '/api/channels', { name });
    }

    async joinChannel(channelId, title) {
        const { lastSeq, members } = await this.client.join(channelId);
        const known = this.conversations.get(channelId);
        const conversation = this.#take({
            conversationId: channelId, kind: 'channel', title, lastSeq, readSeq: known?.readSeq ?? lastSeq, unread: known?.unread ?? 0,
            lastMessage: known?.lastMessage,
        });
        conversation.members = members;
        if (!known) conversation.activeAt = new Date().toISOString();
        this.#emit('list');
        return conversation;
    }

    async leaveChannel(channelId) {
        await this.client.leave(channelId);
        this.conversations.delete(channelId);
        this.#emit('list');
    }

    /** Makes a conversation the one that is looked at, with its newest messages. */
    async open(id) {
        this.activeId = id;
        const conversation = this.conversations.get(id);
        if (!conversation || conversation.isLoaded || conversation.isLoading) return;
        if (conversation.isDraft) {
            conversation.isLoaded = true;
            conversation.hasOlder = false;
            return this.#emit('conversation', { id });
        }
        await this.#page(conversation, {});
    }

    async loadOlder(id) {
        const conversation = this.conversations.get(id);
        if (!conversation?.hasOlder || conversation.isLoading || !conversation.isLoaded) return;
        await this.#page(conversation, { before: conversation.messages[0]?.seq });
    }

    async #page(conversation, range) {
        const id = conversation.conversationId;
        const syncs = this.#syncs;
        conversation.isLoading = true;
        conversation.problem = null;
        this.#emit('conversation', { id });
        try {
            const { messages, hasMore } = await this.client.history(id, { ...range, limit: PAGE });
            // Between what came before the first page and the page there may be a hole.
            if (!conversation.isLoaded && messages.length > 0) conversation.messages.splice(0, position(conversation.messages, messages[0].seq));
            for (const message of messages) this.#merge(conversation, message);
            conversation.hasOlder = hasMore;
            conversation.isLoaded = true;
        } catch (error) {
            conversation.problem = error.message;
        }
        conversation.isLoading = false;
        this.#emit('conversation', { id });
        // Asked before the connection was back, and answered after.
        if (conversation.problem && syncs !== this.#syncs) await this.#page(conversation, range);
    }

    idOf({ recipientId, channelId }) {
        return channelId ?? `dm:${[this.user.userId, recipientId].sort().join(':')}`;
    }

    target(conversation) {
        return conversation.kind === 'dm' ? { recipientId: conversation.otherUserId } : { channelId: conversation.conversationId };
    }

    /** What the user has written to this conversation and the server doesn't have yet. */
    unsent(id) {
        return this.client.outbox.filter(({ target }) => this.idOf(target) === id);
    }

    /** The highest number that somebody else has read, as far as it was heard. */
    readByOthers(conversation) {
        let seq = 0;
        for (const [userId, read] of conversation.readBy) if (userId !== this.user.userId) seq = Math.max(seq, read);
        return seq;
    }

    /** Notes that the user has seen everything in the active conversation. */
    markRead() {
        const conversation = this.conversations.get(this.activeId);
        if (!conversation || conversation.lastSeq <= conversation.readSeq) return;
        const seq = conversation.lastSeq;
        conversation.unread = 0;
        this.#emit('list');
        if (conversation.markedSeq >= seq || this.client.status !== 'online') return;
        conversation.markedSeq = seq;
        this.client.markRead(conversation.conversationId, seq).then(
            () => (conversation.readSeq = Math.max(conversation.readSeq, seq)),
            () => (conversation.markedSeq = conversation.readSeq),
        );
    }

    isOnline(userId) {
        const status = this.presence.get(userId)?.status;
        return status !== undefined && status !== 'offline';
    }

    /** The names of those who type in a conversation now. */
    typists(id) {
        const now = Date.now();
        const typing = this.conversations.get(id)?.typing ?? new Map();
        return [...typing].filter(([, until]) => until > now).map(([userId]) => this.names.get(userId) ?? 'Somebody');
    }

    // What arrives

    #take(summary) {
        const id = summary.conversationId;
        let conversation = this.conversations.get(id);
        if (!conversation) {
            conversation = {
                messages: [], readBy: new Map(), typing: new Map(), hasOlder: true, isLoaded: false, isLoading: false, problem: null,
                markedSeq: 0, activeAt: '', lastSeq: 0, readSeq: 0, unread: 0,
            };
            this.conversations.set(id, conversation);
        }
        const isOlder = summary.lastSeq < conversation.lastSeq;
        const { lastMessage, lastSeq, readSeq, unread, ...rest } = summary;
        Object.assign(conversation, rest);
        conversation.readSeq = Math.max(conversation.readSeq, readSeq);
        if (!isOlder) {
            conversation.lastSeq = lastSeq;
            conversation.unread = conversation.markedSeq >= lastSeq ? 0 : unread;
            if (lastMessage) this.#last(conversation, lastMessage);
        }
        if (conversation.otherUserId) this.names.set(conversation.otherUserId, conversation.title);
        return conversation;
    }

    #last(conversation, message) {
        this.names.set(message.senderId, message.senderName);
        if ((conversation.lastMessage?.seq ?? 0) > message.seq) return;
        conversation.lastMessage = message;
        conversation.activeAt = message.createdAt;
        conversation.isDraft = false;
    }

    #arrived(message, source) {
        const id = message.conversationId;
        let conversation = this.conversations.get(id);
        if (!conversation) {
            const isDirect = id.startsWith('dm:');
            const otherUserId = isDirect ? id.slice(3).split(':').find((part) => part !== this.user.userId) : undefined;
            const title = isDirect ? (message.senderId === otherUserId ? message.senderName : this.names.get(otherUserId)) : id.slice(3);
            conversation = this.#take({
                conversationId: id, kind: isDirect ? 'dm' : 'channel', title: title ?? 'Somebody', otherUserId,
                lastSeq: message.seq - 1, readSeq: message.seq - 1, unread: 0,
            });
            if (!title || !isDirect) this.refresh().catch(() => {});
            this.#watch();
        }
        const isNew = message.seq > conversation.lastSeq;
        conversation.lastSeq = Math.max(conversation.lastSeq, message.seq);
        this.#last(conversation, message);
        conversation.typing.delete(message.senderId);
        this.#emit('typing', { id });
        if (conversation.isLoaded || conversation.isLoading || id === this.activeId) this.#merge(conversation, message);
        if (message.senderId === this.user.userId) {
            conversation.readSeq = Math.max(conversation.readSeq, message.seq);
            if (isNew) conversation.unread = 0;
        } else if (isNew) {
            conversation.unread += 1;
            this.#readBy(conversation, message.senderId, message.seq);
        }
        this.#emit('conversation', { id });
        this.#emit('list');
        if (message.senderId !== this.user.userId && source === 'live') this.#emit('arrival', { conversation, message });
        if (id === this.activeId && this.isReading()) this.markRead();
    }

    #changed(message) {
        const conversation = this.conversations.get(message.conversationId);
        if (!conversation) return;
        const known = conversation.lastMessage;
        if (known?.messageId === message.messageId && (message.rev ?? 0) >= (known.rev ?? 0)) conversation.lastMessage = message;
        const index = position(conversation.messages, message.seq);
        if (conversation.messages[index]?.seq === message.seq) this.#merge(conversation, message);
        this.#emit('conversation', { id: message.conversationId });
        this.#emit('list');
    }

    /** Puts a message where its number belongs; of two versions the later one stays. */
    #merge(conversation, message) {
        this.names.set(message.senderId, message.senderName);
        const { messages } = conversation;
        const index = position(messages, message.seq);
        const known = messages[index];
        if (known?.seq !== message.seq) {
            messages.splice(index, 0, message);
        } else if ((message.rev ?? 0) >= (known.rev ?? 0)) {
            messages[index] = { ...message, clientMessageId: message.clientMessageId ?? known.clientMessageId };
        }
        this.#readBy(conversation, message.senderId, message.seq);
    }

    #typing({ conversationId, userId, isTyping }) {
        const conversation = this.conversations.get(conversationId);
        if (!conversation || userId === this.user.userId) return;
        if (isTyping) conversation.typing.set(userId, Date.now() + TYPING_LASTS_MS);
        else conversation.typing.delete(userId);
        this.#emit('typing', { id: conversationId });
        // The last word of somebody who went away is never heard.
        if (isTyping) setTimeout(() => this.#emit('typing', { id: conversationId }), TYPING_LASTS_MS + 50);
    }

    #read({ conversationId, userId, seq }) {
        const conversation = this.conversations.get(conversationId);
        if (!conversation) return;
        if (userId === this.user.userId) {
            conversation.readSeq = Math.max(conversation.readSeq, seq);
            conversation.unread = Math.min(conversation.unread, Math.max(0, conversation.lastSeq - conversation.readSeq));
            this.#emit('list');
        } else {
            this.#readBy(conversation, userId, seq);
            this.#emit('conversation', { id: conversationId });
        }
    }

    #readBy(conversation, userId, seq) {
        if (seq > (conversation.readBy.get(userId) ?? 0)) conversation.readBy.set(userId, seq);
    }

    #present(users) {
        for (const { userId, status, lastSeen } of users) {
            this.presence.set(userId, { status, lastSeen });
            if (userId === this.user.userId) this.ownStatus.heard(status);
        }
        this.#emit('presence');
    }

    #minutePassed() {
        this.#emit('presence');
        const today = new Date().toDateString();
        if (today === this.#today) return;
        this.#today = today;
        this.#emit('conversation', { id: this.activeId });
    }

    /** Puts down what a search has said of somebody who isn't watched. */
    noteStatus(userId, status) {
        if (!this.#watched.has(userId)) this.presence.set(userId, { status });
    }

    /** What was loaded may not be on the server any more. */
    #reset(summaries) {
        const active = this.conversations.get(this.activeId);
        this.conversations.clear();
        for (const summary of summaries) this.#take(summary);
        if (active && !this.conversations.has(this.activeId)) {
            const { conversationId, kind, title, otherUserId } = active;
            this.#take({ conversationId, kind, title, otherUserId, lastSeq: 0, readSeq: 0, unread: 0 }).isDraft = kind === 'dm';
        }
        this.#emit('list');
        if (active) this.open(this.activeId);
    }

    #synced() {
        this.#syncs += 1;
        // What couldn't be had then may be had now.
        for (const conversation of this.conversations.values()) conversation.problem = null;
        this.#emit('conversation', { id: this.activeId });
        this.open(this.activeId);
        this.ownStatus.connected();
        this.#watched.clear();
        this.#watch();
        // The list has what frames don't tell: what was read elsewhere, conversations made in between.
        this.refresh().then(() => this.#watch(), () => {});
        if (this.isReading()) this.markRead();
    }

    #watch() {
        if (this.client.status !== 'online') return;
        // Oneself first: the status may be changed in another window.
        const wanted = [this.user.userId, ...[...this.conversations.values()].map(({ otherUserId }) => otherUserId)];
        const missing = wanted.filter((id) => id && !this.#watched.has(id)).slice(0, 500 - this.#watched.size);
        if (missing.length === 0) return;
        for (const id of missing) this.#watched.add(id);
        this.client.watch(missing).catch(() => {
            for (const id of missing) this.#watched.delete(id);
        });
    }

    #emit(type, detail) {
        this.dispatchEvent(new CustomEvent(type, { detail }));
    }
}

/** Where `seq` is, or belongs, in messages that ascend. */
function position(messages, seq) {
    let low = 0;
    let high = messages.length;
    while (low < high) {
        const middle = (low + high) >>> 1;
        if (messages[middle].seq < seq) low = middle + 1;
        else high = middle;
    }
    return low;
}

import { equal, holds, settle, until } from './expect.js';
import { ChatModel } from '/model.js';
import { Surroundings, message, received } from './surroundings.js';

const list = (lastSeq) => (method, path) =>
    path.startsWith('/api/conversations?') ? { body: { conversations: [{ conversationId: 'dm:me:you', lastSeq }] } } : undefined;

/** A storage, and what is in it. */
function shelf() {
    const kept = new Map();
    return { kept, storage: { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => kept.set(key, value), removeItem: (key) => kept.delete(key) } };
}

/** A server that everybody can log in to, and knows the last one. */
function accounts() {
    const here = { userId: '' };
    const answer = (method, path) => {
        if (path === '/api/me') return here.userId ? { body: { user: { userId: here.userId } } } : { status: 401, body: { error: { code: 'UNAUTHENTICATED', message: '' } } };
        return path.startsWith('/api/auth/login') ? { body: { user: { userId: here.userId } } } : undefined;
    };
    return { here, answer };
}

const contents = ({ client }) => client.outbox.map(({ content }) => content);

export const tests = {
    async 'the first connection catches up from what was loaded'() {
        const page = new Surroundings(list(7));
        await page.client.conversations();
        page.client.connect();
        equal(page.socket.url, 'ws://chat.test/ws?resume=1');
        page.socket.welcome();
        equal(page.socket.sync, { type: 'SYNC', cursors: { 'dm:me:you': 7 } });
        equal(page.client.status, 'syncing');
        page.socket.say(received(8));
        page.socket.synced({ cursors: { 'dm:me:you': 8 }, stamp: '55' });
        equal(page.client.status, 'online');
        equal(page.seqs, [8]);
    },
    async 'a long list comes page by page, and what moves in front of it meanwhile is in it too'() {
        const conversation = (conversationId, lastSeq) => ({ conversationId, lastSeq });
        const pages = { first: { conversations: [conversation('a', 9), conversation('b', 8)], next: 'p/1' }, 'p/1': { conversations: [conversation('d', 6)] } };
        const page = new Surroundings((method, path) => {
            const place = new URL(path, 'http://chat.test').searchParams.get('after') ?? 'first';
            const body = pages[place];
            // It was behind the first page, and has a message before the second one is read.
            if (place === 'first') pages.first = { conversations: [conversation('c', 10), conversation('a', 9)], next: 'p/2' };
            return { body };
        });
        const listed = await page.client.conversations();
        equal(listed.map(({ conversationId }) => conversationId), ['c', 'a', 'b', 'd']);
        equal(page.requests.length, 4, 'two pages, and the first one until it has nothing new');
        page.client.connect();
        page.socket.welcome();
        equal(page.socket.last('SYNC').cursors, { a: 9, b: 8, d: 6, c: 10 });
    },
    async 'after a loss it connects again and asks for what it missed'() {
        const page = new Surroundings(list(7));
        await page.client.conversations();
        page.online();
        page.socket.say(received(8));
        page.socket.end(1006);
        equal(page.client.status, 'waiting');
        await page.pass(15_000);
        page.socket.welcome();
        equal(page.sockets.length, 2);
        equal(page.socket.sync, { type: 'SYNC', cursors: { 'dm:me:you': 8 }, stamp: '1' });
    },
    async 'nothing is shown twice'() {
        const page = new Surroundings(list(7));
        await page.client.conversations();
        page.online();
        for (const seq of [8, 8, 7, 9, 8]) page.socket.say(received(seq));
        equal(page.seqs, [8, 9]);
    },
    async 'pauses grow, with full jitter'() {
        const page = new Surroundings();
        page.random = 0.999;
        page.online();
        const pauses = [];
        page.socket.end(1006);
        for (let round = 0; round < 8; round += 1) {
            pauses.push(page.of('status').findLast(({ status }) => status === 'waiting').retryInMs);
            await page.pass(20_000);
            page.socket.end(1006);
        }
        holds(pauses[0] <= 500 && pauses[1] > 500 && pauses[2] > 1_500, `they grow: ${pauses}`);
        holds(Math.max(...pauses) <= 15_000, `they end: ${pauses}`);
        page.random = 0;
        await page.pass(20_000);
        page.socket.end(1006);
        equal(page.of('status').at(-1).retryInMs, 0, 'the shortest');
    },
    async 'a GOAWAY says when to come back'() {
        const page = new Surroundings();
        page.online();
        const first = page.socket;
        first.say({ type: 'GOAWAY', reason: 'drain', reconnectAfterMs: 4_000 });
        await page.pass(3_900);
        equal(page.sockets.length, 1, 'it works on until then');
        equal(page.client.status, 'online');
        await page.pass(200);
        equal(page.sockets.length, 2);
        holds(first.readyState === 3, 'the old one is left');
    },
    async 'a close before the moment of a GOAWAY waits for that moment'() {
        const page = new Surroundings();
        page.random = 0;
        page.online();
        page.socket.say({ type: 'GOAWAY', reason: 'drain', reconnectAfterMs: 4_000 });
        page.socket.end(1001, 'GOING_AWAY');
        await page.pass(3_900);
        equal(page.sockets.length, 1);
        await page.pass(200);
        equal(page.sockets.length, 2);
    },
    async 'codes that say stop stop it'() {
        for (const [code, reason, told] of [
            [1000, 'Removed', 'Removed'], [1000, 'Session revoked', 'Session revoked'], [4001, 'TOKEN_EXPIRED', 'TOKEN_EXPIRED'],
            [4003, 'ACCOUNT_SUSPENDED', 'ACCOUNT_SUSPENDED'], [1008, 'SYNC_EXPECTED', 'SYNC_EXPECTED'],
        ]) {
            const page = new Surroundings();
            page.online();
            page.socket.end(code, reason);
            equal(page.of('status').at(-1).status, 'stopped');
            equal(page.of('status').at(-1).reason, told);
            await page.pass(60_000);
            equal(page.sockets.length, 1, `sockets after ${code}`);
        }
    },
    async 'other codes do not'() {
        for (const code of [1001, 1002, 1003, 1006, 1007, 1009, 1011, 1012, 4008, 4029]) {
            const page = new Surroundings();
            page.online();
            page.socket.end(code);
            await page.pass(6_000);
            equal(page.sockets.length, 2, `sockets after ${code}`);
        }
    },
    async 'after too many frames it pauses'() {
        const page = new Surroundings();
        page.random = 0;
        page.online();
        page.socket.end(4029, 'RATE_LIMITED');
        equal(page.of('status').at(-1).retryInMs, 5_000);
    },
    async 'a refused upgrade is asked about over HTTP'() {
        for (const [status, code] of [[401, 'UNAUTHENTICATED'], [403, 'ACCOUNT_SUSPENDED']]) {
            const page = new Surroundings(() => ({ status, body: { error: { code, message: '' } } }));
            page.client.connect();
            page.socket.end(1006);
            await settle();
            equal(page.client.status, 'stopped');
            equal(page.of('status').at(-1).reason, code);
        }
        const page = new Surroundings(() => ({ status: 503 }));
        page.client.connect();
        page.socket.end(1006);
        await settle();
        equal(page.client.status, 'waiting');
    },
    async 'a server that says nothing is left'() {
        const page = new Surroundings();
        page.online();
        await page.pass(26_000);
        equal(page.socket.frames('PING').length, 1);
        await page.pass(60_000);
        holds(page.sockets.length > 1, 'it connects again');
        const lively = new Surroundings();
        lively.online();
        for (let round = 0; round < 20; round += 1) {
            await lively.pass(5_000);
            if (lively.socket.frames('PING').length > 0) lively.socket.say({ type: 'PONG' });
        }
        equal(lively.sockets.length, 1);
    },
    async 'what is sent stays until it is acknowledged, under one clientMessageId'() {
        const page = new Surroundings();
        const sent = page.client.send({ recipientId: 'you' }, 'hello');
        page.client.connect();
        page.socket.welcome();
        equal(page.socket.frames('MESSAGE_SEND').length, 0, 'before it has caught up');
        page.socket.synced();
        const { clientMessageId } = page.socket.last('MESSAGE_SEND');
        page.socket.end(1006);
        await page.pass(15_000);
        page.socket.welcome();
        page.socket.synced();
        equal(page.socket.last('MESSAGE_SEND').clientMessageId, clientMessageId);
        equal(page.client.outbox.length, 1);
        page.socket.say({ type: 'ACK', ref: clientMessageId, clientMessageId, duplicate: true, message: message(1, { senderId: 'me', clientMessageId }) });
        equal((await sent).seq, 1);
        equal(page.client.outbox.length, 0);
        equal(page.seqs, [1]);
    },
    async 'an echo on a new connection acknowledges as well, and is shown once'() {
        const page = new Surroundings();
        page.online();
        page.client.send({ recipientId: 'you' }, 'hello');
        const { clientMessageId } = page.socket.last('MESSAGE_SEND');
        page.socket.end(1006);
        await page.pass(15_000);
        page.socket.welcome();
        page.socket.say(received(1, { senderId: 'me', clientMessageId }));
        page.socket.synced();
        equal(page.socket.frames('MESSAGE_SEND').length, 0);
        equal(page.client.outbox.length, 0);
        equal(page.seqs, [1]);
    },
    async 'messages to one conversation keep their order, others need not wait'() {
        const page = new Surroundings();
        page.online();
        page.client.send({ recipientId: 'you' }, 'one');
        page.client.send({ recipientId: 'you' }, 'two');
        page.client.send({ channelId: 'ch:all' }, 'elsewhere');
        equal(page.socket.frames('MESSAGE_SEND').map(({ content }) => content), ['one', 'elsewhere']);
        const { clientMessageId } = page.socket.frames('MESSAGE_SEND')[0];
        page.socket.say({ type: 'ERROR', ref: clientMessageId, code: 'STORE_UNAVAILABLE', message: '', retryAfterMs: 500 });
        equal(page.socket.frames('MESSAGE_SEND').length, 2, 'two still waits');
        await page.pass(2_000);
        equal(page.socket.last('MESSAGE_SEND').clientMessageId, clientMessageId);
        page.socket.say({ type: 'ACK', ref: clientMessageId, clientMessageId, message: message(1, { senderId: 'me', clientMessageId }) });
        equal(page.socket.last('MESSAGE_SEND').content, 'two');
    },
    async 'a refusal that stands is told, and the message can be tried again or given up'() {
        const page = new Surroundings();
        page.online();
        const sent = page.client.send({ recipientId: 'nobody' }, 'one');
        const { clientMessageId } = page.socket.last('MESSAGE_SEND');
        page.socket.say({ type: 'ERROR', ref: clientMessageId, code: 'NOT_FOUND', message: 'There is no such user.' });
        const error = await sent.catch((error) => error);
        equal(error.code, 'NOT_FOUND');
        equal(page.client.outbox[0].state, 'failed');
        page.client.retry(clientMessageId);
        equal(page.socket.frames('MESSAGE_SEND').length, 2);
        equal(page.socket.last('MESSAGE_SEND').clientMessageId, clientMessageId);
        page.socket.say({ type: 'ERROR', ref: clientMessageId, code: 'NOT_FOUND', message: '' });
        page.client.discard(clientMessageId);
        equal(page.client.outbox.length, 0);
    },
    async 'what is unsent outlives the page'() {
        const { kept, storage } = shelf();
        const first = new Surroundings(undefined, { storage });
        first.online();
        first.client.send({ recipientId: 'you' }, 'hello');
        const { clientMessageId } = first.socket.last('MESSAGE_SEND');
        const second = new Surroundings(undefined, { storage });
        second.online();
        equal(second.socket.last('MESSAGE_SEND').clientMessageId, clientMessageId);
        second.socket.say({ type: 'ACK', ref: clientMessageId, clientMessageId, message: message(1, { senderId: 'me', clientMessageId }) });
        equal(kept.size, 0);
        const other = new Surroundings(undefined, { storage });
        other.online({ userId: 'somebody-else' });
        equal(other.socket.frames('MESSAGE_SEND').length, 0);
    },
    async 'what is unsent is kept from the log-in on, and goes before what is written after a reload'() {
        const { here, answer } = accounts();
        const { kept, storage } = shelf();
        here.userId = 'me';
        const first = new Surroundings(answer, { storage });
        await first.client.logIn('me', 'secret');
        first.client.send({ recipientId: 'you' }, 'one');
        equal(kept.size, 1, 'before there is a connection');
        const second = new Surroundings(answer, { storage });
        await second.client.me();
        second.client.send({ recipientId: 'you' }, 'two');
        equal(contents(second), ['one', 'two']);
        second.online();
        equal(second.socket.last('MESSAGE_SEND').content, 'one');
        const late = new Surroundings(answer, { storage });
        late.client.send({ recipientId: 'you' }, 'three');
        late.online();
        equal(contents(late), ['one', 'two', 'three'], 'also where only the WELCOME says who it is');
    },
    async 'what somebody has not sent stays theirs'() {
        const { here, answer } = accounts();
        const { kept, storage } = shelf();
        const page = new Surroundings(answer, { storage });
        const arrive = async (userId) => {
            here.userId = userId;
            await page.client.logIn(userId, 'secret');
        };
        await arrive('ada');
        const sent = page.client.send({ recipientId: 'you' }, 'of Ada').catch(({ code }) => code);
        page.online({ userId: 'ada' });
        page.socket.end(1000, 'Removed');
        await arrive('bob');
        equal(contents(page), [], 'before there is a connection');
        equal(page.of('outbox').at(-1).removed, true);
        equal(await sent, 'OTHER_USER');
        page.client.send({ recipientId: 'you' }, 'of Bob');
        page.online({ userId: 'bob' });
        equal(page.socket.frames('MESSAGE_SEND').map(({ content }) => content), ['of Bob']);
        equal([...kept.keys()], ['switchboard.outbox.ada', 'switchboard.outbox.bob']);
        page.socket.end(1000, 'Removed');
        await arrive('ada');
        equal(contents(page), ['of Ada']);
        page.online({ userId: 'ada' });
        equal(page.socket.frames('MESSAGE_SEND').map(({ content }) => content), ['of Ada']);
    },
    async 'a connection of another user is not gone on with'() {
        const { here, answer } = accounts();
        const { kept, storage } = shelf();
        const page = new Surroundings(answer, { storage });
        here.userId = 'ada';
        await page.client.me();
        page.online({ userId: 'ada' });
        page.socket.end(1006);
        page.client.send({ recipientId: 'you' }, 'of Ada');
        await page.pass(15_000);
        here.userId = 'bob';
        page.socket.welcome({ userId: 'bob' });
        equal([page.client.status, page.of('status').at(-1).reason], ['stopped', 'OTHER_USER']);
        equal(page.socket.sent, [], 'nothing is sent on it');
        equal(page.client.session.userId, 'ada');
        await page.pass(60_000);
        equal(page.sockets.length, 2);
        equal((await page.client.me()).userId, 'bob');
        equal(contents(page), []);
        equal([...kept.keys()], ['switchboard.outbox.ada']);
        page.online({ userId: 'bob' });
        equal(page.client.status, 'online');
    },
    async 'me() that says another user ends the connection of the one before'() {
        const { here, answer } = accounts();
        const page = new Surroundings(answer);
        here.userId = 'ada';
        await page.client.me();
        page.online({ userId: 'ada' });
        await page.client.me();
        equal(page.client.status, 'online');
        here.userId = 'bob';
        await page.client.me();
        equal(page.of('status').at(-1).reason, 'OTHER_USER');
    },
    async 'logging out that fails leaves everything as it was'() {
        let answer = { status: 503, body: { error: { code: 'STORE_UNAVAILABLE', message: '' } } };
        const { kept, storage } = shelf();
        const page = new Surroundings((method, path) => (path === '/api/auth/logout' ? answer : list(7)(method, path)), { storage });
        await page.client.conversations();
        page.online();
        page.client.send({ recipientId: 'you' }, 'unsent');
        equal(await page.client.logOut().catch(({ code }) => code), 'STORE_UNAVAILABLE');
        equal(page.client.status, 'connecting');
        page.socket.welcome();
        equal(page.socket.sync, { type: 'SYNC', cursors: { 'dm:me:you': 7 }, stamp: '1' });
        page.socket.synced();
        equal(page.socket.last('MESSAGE_SEND').content, 'unsent');
        answer = { status: 401, body: { error: { code: 'UNAUTHENTICATED', message: '' } } };
        await page.client.logOut();
        equal([page.client.status, contents(page), kept.size], ['idle', [], 0], 'there is no session to end');
    },
    async 'a storage that refuses is done without'() {
        const storage = { getItem: () => '{', setItem: () => { throw new Error('full'); }, removeItem() {} };
        const page = new Surroundings(undefined, { storage });
        page.online();
        page.client.send({ recipientId: 'you' }, 'hello');
        equal(page.socket.frames('MESSAGE_SEND').length, 1);
    },
    async 'the outbox has an end'() {
        const page = new Surroundings();
        for (let count = 0; count < 1_000; count += 1) page.client.send({ recipientId: 'you' }, 'x');
        const error = await page.client.send({ recipientId: 'you' }, 'x').catch((error) => error);
        equal(error.code, 'OUTBOX_FULL');
    },
    async 'what a SYNC does not bring is paged over HTTP before the cursor moves'() {
        const pages = [];
        const page = new Surroundings((method, path) => {
            if (path.startsWith('/api/conversations?')) return list(10)(method, path);
            const after = Number(new URLSearchParams(path.split('?')[1]).get('after'));
            pages.push(after);
            const messages = Array.from({ length: Math.min(200, 1_310 - after) }, (_, index) => message(after + 1 + index));
            return { body: { messages, hasMore: after + 200 < 1_310 } };
        });
        await page.client.conversations();
        page.client.connect();
        page.socket.welcome();
        for (let seq = 11; seq <= 1_010; seq += 1) page.socket.say(received(seq));
        page.socket.synced({ cursors: { 'dm:me:you': 1_010 }, complete: false });
        page.socket.say(received(1_311));
        equal(page.client.cursors.of('dm:me:you'), 1_010, 'the cursor before the middle is here');
        await settle();
        await settle();
        await settle();
        equal(pages, [1_010, 1_210]);
        equal(page.client.cursors.of('dm:me:you'), 1_311);
        equal(page.seqs.length, 1_301);
        equal(new Set(page.seqs).size, 1_301);
    },
    async 'many cursors go in parts'() {
        const conversations = Array.from({ length: 900 }, (_, index) => ({ conversationId: `ch:${index}`, lastSeq: index }));
        const page = new Surroundings(() => ({ body: { conversations } }));
        await page.client.conversations();
        page.client.connect();
        page.socket.welcome();
        const parts = page.socket.frames('SYNC');
        equal(parts.map(({ more }) => more ?? false), [true, true, false]);
        equal(Object.assign({}, ...parts.map(({ cursors }) => cursors))['ch:899'], 899);
    },
    async 'a SYNC that is refused for now is sent again on the same connection'() {
        const page = new Surroundings(list(7));
        await page.client.conversations();
        page.client.connect();
        page.socket.welcome();
        page.socket.refuseSync('STORE_UNAVAILABLE', { retryAfterMs: 1_000 });
        equal(page.of('status').at(-1), { type: 'status', status: 'syncing', reason: 'STORE_UNAVAILABLE', retryInMs: 1_000 });
        equal(page.of('refused'), [], 'it is an answer');
        await page.pass(900);
        equal(page.socket.frames('SYNC').length, 1);
        await page.pass(200);
        equal(page.socket.frames('SYNC').length, 2);
        equal(page.socket.sync, { type: 'SYNC', cursors: { 'dm:me:you': 7 } });
        page.random = 0.999;
        for (let round = 0; round < 6; round += 1) {
            page.socket.refuseSync('INTERNAL');
            holds(page.of('status').at(-1).retryInMs <= 5_000, 'within the 10 s that the server waits');
            await page.pass(5_000);
        }
        equal(page.socket.frames('SYNC').length, 8);
        page.socket.synced();
        equal(page.client.status, 'online');
        await page.pass(10_000);
        equal(page.socket.frames('SYNC').length, 8);
        equal(page.sockets.length, 1);
    },
    async 'of a SYNC in parts the first refusal counts, and the last one is waited for'() {
        const conversations = Array.from({ length: 900 }, (_, index) => ({ conversationId: `ch:${index}`, lastSeq: index }));
        const page = new Surroundings(() => ({ body: { conversations } }));
        await page.client.conversations();
        page.client.connect();
        page.socket.welcome();
        const [first, second, third] = page.socket.frames('SYNC').map(({ ref }) => ref);
        page.socket.say({ type: 'ERROR', ref: first, code: 'RATE_LIMITED', message: '', retryAfterMs: 2_000 });
        for (const ref of [second, third]) page.socket.say({ type: 'ERROR', ref, code: 'BAD_REQUEST', message: '' });
        equal(page.socket.frames('SYNC').length, 3);
        await page.pass(2_000);
        equal(page.socket.frames('SYNC').length, 6);
        equal(page.of('reset'), []);
    },
    async 'a SYNC that the server can make nothing of is sent anew, from its own list'() {
        let lastSeq = 7;
        const page = new Surroundings((method, path) => list(lastSeq)(method, path));
        await page.client.conversations();
        page.online();
        page.socket.say(received(8));
        page.socket.end(1012);
        await page.pass(15_000);
        lastSeq = 5;
        page.socket.welcome();
        equal(page.socket.sync, { type: 'SYNC', cursors: { 'dm:me:you': 8 }, stamp: '1' });
        page.socket.refuseSync('BAD_REQUEST');
        await until(() => page.socket.frames('SYNC').length === 2, 'a second SYNC');
        equal(page.of('reset').map(({ conversations }) => conversations), [[{ conversationId: 'dm:me:you', lastSeq: 5 }]]);
        equal(page.socket.sync, { type: 'SYNC', cursors: { 'dm:me:you': 5 } });
        page.socket.synced({ stamp: '2' });
        page.socket.say(received(6));
        equal(page.seqs, [8, 6], 'the number is in use again');
        equal(page.sockets.length, 2);
        page.socket.end(1006);
        await page.pass(15_000);
        page.socket.welcome();
        equal(page.socket.sync, { type: 'SYNC', cursors: { 'dm:me:you': 6 }, stamp: '2' });
    },
    async 'beginning anew outlasts a list that can not be read, and the connection'() {
        let status = 200;
        const page = new Surroundings((method, path) => (status === 200 ? list(7)(method, path) : { status, body: { error: { code: 'STORE_UNAVAILABLE', message: '' } } }));
        await page.client.conversations();
        page.client.connect();
        page.socket.welcome();
        status = 503;
        const failed = (times) => until(() => page.of('status').filter(({ reason }) => reason === 'STORE_UNAVAILABLE').length === times, `failed ${times} times`);
        page.socket.refuseSync('BAD_REQUEST');
        await failed(1);
        equal(page.client.status, 'syncing');
        page.socket.end(1008, 'SYNC_EXPECTED');
        equal(page.client.status, 'waiting', 'it was late and not silent');
        await page.pass(15_000);
        page.socket.welcome();
        await failed(2);
        await page.pass(1_000);
        await failed(3);
        equal([page.socket.frames('SYNC').length, page.of('reset').length], [0, 0]);
        status = 200;
        await page.pass(5_000);
        await until(() => page.of('reset').length === 1, 'a new beginning');
        equal(page.socket.frames('SYNC').length, 1);
        page.socket.refuseSync('BAD_REQUEST');
        equal(page.of('status').at(-1).reason, 'SYNC_REFUSED', 'its own numbers are refused');
    },
    async 'the model begins anew with it, and loads what is looked at again'() {
        const summary = (lastSeq) => ({ conversationId: 'dm:me:you', kind: 'dm', title: 'you', otherUserId: 'you', lastSeq, readSeq: 0, unread: lastSeq, lastMessage: message(lastSeq) });
        let lastSeq = 3;
        const page = new Surroundings((method, path) => {
            if (path.startsWith('/api/conversations?')) return { body: { conversations: lastSeq > 0 ? [summary(lastSeq)] : [] } };
            return { body: { messages: Array.from({ length: lastSeq }, (_, index) => message(index + 1)), hasMore: false } };
        });
        const model = new ChatModel(page.client, { userId: 'me', username: 'me' });
        await model.load();
        page.socket.welcome();
        page.socket.synced();
        await model.open('dm:me:you');
        const shown = () => model.conversations.get('dm:me:you').messages.map(({ seq }) => seq);
        const again = async (last) => {
            page.socket.end(1012);
            await page.pass(15_000);
            lastSeq = last;
            page.socket.welcome();
            page.socket.refuseSync('BAD_REQUEST');
            await until(() => page.socket.frames('SYNC').length === 2, 'a second SYNC');
            page.socket.synced();
            await until(() => model.conversations.get('dm:me:you').isLoaded, 'the messages');
        };
        equal(shown(), [1, 2, 3]);
        await again(2);
        equal(shown(), [1, 2]);
        equal(model.list('dm').map(({ lastSeq, unread }) => [lastSeq, unread]), [[2, 2]]);
        await again(0);
        equal(shown(), [], 'it is still looked at');
        equal(model.list('dm'), [], 'but it is none yet');
        model.close();
    },
    async 'commands are answered, refused, or lost with the connection'() {
        const page = new Surroundings();
        equal((await page.client.leave('ch:a').catch((error) => error)).code, 'DISCONNECTED');
        page.online();
        const left = page.client.leave('ch:a');
        page.socket.say({ type: 'ACK', ref: page.socket.last('CHANNEL_LEAVE').ref });
        await left;
        const refused = page.client.leave('ch:b').catch((error) => error);
        page.socket.say({ type: 'ERROR', ref: page.socket.last('CHANNEL_LEAVE').ref, code: 'NOT_FOUND', message: '' });
        equal((await refused).code, 'NOT_FOUND');
        const lost = page.client.leave('ch:c').catch((error) => error);
        page.socket.end(1006);
        equal((await lost).code, 'DISCONNECTED');
    },
    async 'a new log-in begins anew'() {
        const page = new Surroundings((method, path) => (path.includes('login') ? { body: { user: { userId: 'else' } } } : list(7)(method, path)));
        await page.client.conversations();
        page.online();
        page.socket.end(1000, 'Session revoked');
        await page.client.logIn('somebody', 'else');
        page.client.connect();
        page.socket.welcome({ userId: 'else' });
        equal(page.socket.sync, { type: 'SYNC', cursors: {} });
    },
    async 'a channel joined again asks for what it lacks, one left and joined for nothing'() {
        const page = new Surroundings();
        page.online();
        const answer = async (joining, fields) => {
            page.socket.say({ ref: page.socket.sent.at(-1).ref, ...fields });
            await joining;
        };
        await answer(page.client.join('ch:a'), { type: 'CHANNEL_JOINED', channelId: 'ch:a', lastSeq: 5, members: 1 });
        equal(page.socket.last('CHANNEL_JOIN').since, undefined);
        equal(page.client.cursors.of('ch:a'), 5);
        await answer(page.client.join('ch:a'), { type: 'CHANNEL_JOINED', channelId: 'ch:a', lastSeq: 9, members: 1 });
        equal(page.socket.last('CHANNEL_JOIN').since, 5);
        equal(page.client.cursors.of('ch:a'), 5);
        await answer(page.client.leave('ch:a'), { type: 'ACK' });
        equal(page.client.cursors.of('ch:a'), null);
    },
    async 'a token goes as a sub-protocol, never into the address'() {
        const page = new Surroundings(undefined, { token: 'abc' });
        page.client.connect();
        equal(page.socket.protocols, ['switchboard.v1', 'bearer.abc']);
        holds(!page.socket.url.includes('abc'), 'the address has no token');
    },
};

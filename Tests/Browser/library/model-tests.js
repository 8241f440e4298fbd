import { ChatModel } from '/model.js';
import { itemsOf } from '/message-item.js';
import { OwnStatus } from '/own-status.js';
import { equal, holds, settle } from './expect.js';
import { Surroundings, message, received } from './surroundings.js';

const ID = 'dm:me:you';
const me = { userId: 'me', username: 'me' };
const listed = { body: { conversations: [{ conversationId: ID, kind: 'dm', title: 'you', otherUserId: 'you', lastSeq: 2, readSeq: 0, unread: 2 }] } };

/** A model whose history is what `history` says, and which is online. */
async function open(history) {
    const page = new Surroundings((method, path) => (path.includes('/messages?') ? history(path) : listed));
    const model = new ChatModel(page.client, me);
    await model.load();
    page.socket.welcome();
    page.socket.synced();
    return { page, model, conversation: model.conversations.get(ID) };
}

const unavailable = { status: 503, body: { error: { code: 'UNAVAILABLE', message: 'Not now.' } } };
const seqs = ({ messages }) => messages.map(({ seq }) => seq);

/** What the status was set to, with a server that answers as `answer` says. */
function ownStatus(answer = async () => {}) {
    const sent = [];
    const status = new OwnStatus((value) => {
        sent.push(value);
        return answer(value);
    }, () => {});
    return { status, sent };
}

const refusal = (code) => Object.assign(new Error(code), { code });

export const tests = {
    async 'a conversation that could not be loaded is loaded with the next connection'() {
        let answer = unavailable;
        const { page, model, conversation } = await open(() => answer);
        await model.open(ID);
        equal([conversation.isLoaded, conversation.problem], [false, 'Not now.']);
        page.socket.say(received(3));
        equal(seqs(conversation), [3], 'what arrives is shown');
        answer = { body: { messages: [message(1), message(2), message(3)], hasMore: false } };
        page.socket.end(1006);
        await page.pass(60_000);
        page.socket.welcome();
        page.socket.synced();
        await settle();
        equal([conversation.isLoaded, conversation.problem, seqs(conversation)], [true, null, [1, 2, 3]]);
        model.close();
    },
    async 'a load that fails after the connection is back is done again'() {
        const answers = [];
        const { page, model, conversation } = await open(() => answers.shift());
        answers.push(unavailable, { body: { messages: [message(1), message(2)], hasMore: false } });
        const opening = model.open(ID);
        page.socket.synced();
        await opening;
        equal([conversation.isLoaded, seqs(conversation)], [true, [1, 2]]);
        model.close();
    },
    async 'no hole stays between what came before the first page and the page'() {
        let answer = unavailable;
        const { page, model, conversation } = await open(() => answer);
        await model.open(ID);
        page.socket.say(received(3));
        model.activeId = null;
        page.socket.say(received(4));
        page.socket.say(received(5));
        answer = { body: { messages: [message(5)], hasMore: true } };
        await model.open(ID);
        equal(seqs(conversation), [5]);
        model.close();
    },
    async 'a status that was chosen without a connection is sent with the next one'() {
        let isOnline = false;
        const { status, sent } = ownStatus(async () => {
            if (!isOnline) throw refusal('DISCONNECTED');
        });
        await status.choose('busy');
        equal(status.value, 'busy');
        isOnline = true;
        status.connected();
        status.heard('online');
        await settle();
        equal([status.value, sent], ['busy', ['busy', 'busy']]);
        status.heard('away');
        equal(status.value, 'away', 'what another window has chosen');
    },
    async 'a status that the server has forgotten is sent again, and another that was chosen elsewhere is taken'() {
        const { status, sent } = ownStatus();
        status.connected();
        status.heard('away');
        equal([status.value, sent], ['away', []], 'the status on the first connection');
        await status.choose('busy');
        status.connected();
        status.heard('online');
        await settle();
        equal([status.value, sent], ['busy', ['busy', 'busy']]);
        status.heard('offline');
        status.connected();
        status.heard('away');
        equal([status.value, sent.length], ['away', 2]);
    },
    async 'a status that is refused is as it was'() {
        const { status } = ownStatus(async () => {
            throw refusal('RATE_LIMITED');
        });
        status.connected();
        status.heard('away');
        const error = await status.choose('busy').catch((error) => error);
        equal([error.code, status.value], ['RATE_LIMITED', 'away']);
    },
    async 'a heading over a day is another one on the next day'() {
        const conversation = { messages: [message(1, { createdAt: new Date().toISOString() })], isLoaded: true, hasOlder: true, kind: 'dm' };
        const signature = () => itemsOf(conversation, [], { user: me, readSeq: 0, firstUnread: 0 }).at(-1).signature;
        const today = signature();
        equal(signature(), today);
        const Real = Date;
        try {
            globalThis.Date = class extends Real {
                constructor(...parts) {
                    super(...(parts.length > 0 ? parts : [Real.now() + 86_400_000]));
                }
            };
            holds(signature() !== today, 'it has changed');
        } finally {
            globalThis.Date = Real;
        }
    },
};

/** The page's beginning: who is here, and what is shown to them. */

import { SwitchboardClient } from './switchboard-client.js';
import { ChatModel } from './model.js';
import { ChatView } from './chat.js';
import { showSignIn } from './sign-in.js';
import { element } from './dom.js';

/** Says in this browser that there may be a session, so that a new visitor's page need not ask. */
const RETURNING = 'switchboard.returning';

const app = document.getElementById('app');
const client = new SwitchboardClient({ storage: sessionStorage });
let view = null;

const endings = {
    ACCOUNT_SUSPENDED: 'This account was suspended. Ask whoever runs this server if you think that is wrong.',
    Removed: 'An administrator ended all sessions of this account. You can log in again.',
    'Session revoked': 'This session was ended from somewhere else. You can log in again.',
    TOKEN_EXPIRED: 'You were logged in for a long time. Log in again to go on.',
    UNAUTHENTICATED: 'Your session is over. Log in again to go on.',
};

function signIn(notice, isSuspended = false) {
    view?.close();
    view = null;
    localStorage.removeItem(RETURNING);
    if (location.hash) history.replaceState(null, '', '/');
    showSignIn(app, {
        notice,
        isSuspended,
        logIn: async (username, password) => enter(await client.logIn(username, password)),
        register: async (username, password) => enter(await client.register(username, password)),
    });
}

async function enter(user) {
    localStorage.setItem(RETURNING, '1');
    const model = new ChatModel(client, user);
    view = new ChatView(app, model, { logOut });
    await view.open();
}

async function logOut() {
    // Whatever the server says, this page is done with the session.
    await client.logOut().catch(() => {});
    signIn();
}

async function start() {
    if (!localStorage.getItem(RETURNING)) return signIn();
    try {
        await enter(await client.me());
    } catch (error) {
        if (error.status === 401) return signIn();
        if (error.code === 'ACCOUNT_SUSPENDED') return signIn(endings.ACCOUNT_SUSPENDED, true);
        app.replaceChildren(
            element(
                'main',
                { class: 'sign-in' },
                element('h1', {}, 'Switchboard'),
                element('p', { role: 'alert' }, `${error.message} Trying again…`),
            ),
        );
        setTimeout(start, 2_000);
    }
}

client.addEventListener('status', ({ detail }) => {
    if (detail.status !== 'stopped') return;
    if (['BAD_FRAMES', 'SYNC_EXPECTED', 'SYNC_REFUSED'].includes(detail.reason)) {
        // Our own fault, not the user's: a fresh page may do better.
        return view?.showFailure('The server has refused this page. Reload it to go on.');
    }
    signIn(endings[detail.reason] ?? endings.UNAUTHENTICATED, detail.reason === 'ACCOUNT_SUSPENDED');
});
window.addEventListener('online', () => client.wake());
document.addEventListener('visibilitychange', () => {
    if (!document.hidden) client.wake();
});

start();

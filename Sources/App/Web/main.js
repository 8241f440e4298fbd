/** The page's beginning: who is here, and what is shown to them. */

import { SwitchboardClient } from './switchboard-client.js';
import { ChatModel } from './model.js';
import { ChatView } from './chat.js';
import { ask } from './dialogs.js';
import { showSignIn } from './sign-in.js';
import { element } from './dom.js';
import { plural } from './format.js';

/** Whose session there may be in this browser: a new visitor's page need not ask, and other tabs hear of a log-in. */
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
const NOT_KEPT = 'The log-in was right, but this browser didn’t keep the session. Open this server at an https address, and allow its cookies.';

function signIn(notice, isSuspended = false) {
    view?.close();
    view = null;
    localStorage.removeItem(RETURNING);
    if (location.hash) history.replaceState(null, '', '/');
    showSignIn(app, {
        notice,
        isSuspended,
        logIn: async (username, password) => enter(await client.logIn(username, password), NOT_KEPT),
        register: async (username, password) => enter(await client.register(username, password), NOT_KEPT),
    });
}

/** Shows the chat; where the server knows no session, the log-in page with `refusal`. */
async function enter(user, refusal = endings.UNAUTHENTICATED) {
    localStorage.setItem(RETURNING, user.userId);
    const opened = new ChatView(app, new ChatModel(client, user), { logOut });
    view = opened;
    try {
        await opened.open();
    } catch (error) {
        // Another page may be shown by now.
        if (view !== opened) return;
        if (error.code === 'ACCOUNT_SUSPENDED') return signIn(endings.ACCOUNT_SUSPENDED, true);
        if (error.status === 401) return signIn(refusal);
        throw error;
    }
}

async function logOut() {
    const unsent = client.outbox.length;
    if (unsent > 0) {
        const text = `The server doesn’t have ${plural(unsent, 'message')} of yours yet. What is unsent is lost when you log out.`;
        if ((await ask({ title: 'Log out without sending?', text, button: 'Log out' })) === null) return;
    }
    try {
        await client.logOut();
    } catch (error) {
        return view?.say(`You are still logged in: ${error.message}`);
    }
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
    // The cookie is somebody else's now: nothing of this user is to stay in the page.
    if (detail.reason === 'OTHER_USER') return location.reload();
    if (['BAD_FRAMES', 'SYNC_EXPECTED', 'SYNC_REFUSED'].includes(detail.reason)) {
        // Our own fault, not the user's: a fresh page may do better.
        return view?.showFailure('The server has refused this page. Reload it to go on.');
    }
    signIn(endings[detail.reason] ?? endings.UNAUTHENTICATED, detail.reason === 'ACCOUNT_SUSPENDED');
});
window.addEventListener('storage', ({ key, newValue }) => {
    // Another tab has logged in, and the cookie is the same for all of them.
    if (view && key === RETURNING && newValue && newValue !== view.userId) location.reload();
});
window.addEventListener('online', () => client.wake());
document.addEventListener('visibilitychange', () => {
    if (!document.hidden) client.wake();
});

start();

/** Runs every test of the modules and leaves the results in `window.results`. */

import { tests as client } from './client-tests.js';
import { tests as cursors } from './cursor-tests.js';
import { tests as model } from './model-tests.js';
import { tests as list } from './window-tests.js';

const results = [];
for (const [name, test] of Object.entries({ ...cursors, ...client, ...model, ...list })) {
    try {
        await test();
        results.push({ name, problem: null });
    } catch (error) {
        results.push({ name, problem: `${error.message}\n${error.stack}` });
    }
}
window.results = results;

import { Cursors } from '/switchboard-client.js';
import { equal, holds } from './expect.js';

export const tests = {
    'a cursor is the highest number below which nothing is missing'() {
        const cursors = new Cursors();
        cursors.raise('c', 5);
        holds(cursors.note('c', 8), '8 is new');
        equal(cursors.of('c'), 5);
        cursors.note('c', 6);
        equal(cursors.of('c'), 6);
        cursors.note('c', 7);
        equal(cursors.of('c'), 8);
    },
    'what was here is not new'() {
        const cursors = new Cursors();
        cursors.raise('c', 5);
        for (const seq of [1, 5]) holds(!cursors.note('c', seq), `${seq} is below`);
        cursors.note('c', 7);
        holds(!cursors.note('c', 7), '7 has been noted');
    },
    'a conversation met on the connection begins where it was met'() {
        const cursors = new Cursors();
        holds(cursors.receive('c', 41), '41 is new');
        equal(cursors.of('c'), 41);
        holds(!cursors.receive('c', 41), '41 is known');
    },
    'an answer to a send hides no earlier message of a conversation that is not known yet'() {
        const cursors = new Cursors();
        cursors.note('c', 42);
        equal(cursors.of('c'), null);
        holds(cursors.receive('c', 41), '41 comes after 42 was acknowledged');
        equal(cursors.of('c'), 42);
    },
    'a first message is the beginning'() {
        const cursors = new Cursors();
        cursors.note('c', 1);
        equal(cursors.of('c'), 1);
    },
    'only conversations with a cursor are told'() {
        const cursors = new Cursors();
        cursors.raise('a', 0);
        cursors.note('b', 9);
        equal(cursors.all(), { a: 0 });
    },
    'raising takes in what lies above, and never goes back'() {
        const cursors = new Cursors();
        cursors.note('c', 12);
        cursors.raise('c', 11);
        equal(cursors.of('c'), 12);
        cursors.raise('c', 3);
        equal(cursors.of('c'), 12);
    },
};

/** Shows the two documents that the server has of its protocol. */

import { element, fill } from '/dom.js';
import { code, prose } from './prose.js';
import { fields, typeOf } from './schemas.js';

const main = document.getElementById('main');
const methods = ['get', 'post', 'put', 'patch', 'delete'];

/** What `$ref` in `part` stands for, or `part` itself. */
function resolved(document, part) {
    if (!part.$ref) return part;
    const found = part.$ref.slice(2).split('/').reduce((at, name) => at[name], document);
    return resolved(document, found);
}

const lastName = (part) => part.$ref.split('/').at(-1);

/** A line that opens to everything about one thing. */
function entry(id, title, summary, ...body) {
    const head = element('summary', {}, ...title, element('span', { class: 'about' }, ...prose.inline(summary)));
    return element('details', { id, class: 'card entry' }, head, ...body);
}

/** A part of an entry under a small heading; nothing where there is nothing in it. */
function part(heading, ...content) {
    const shown = content.flat().filter(Boolean);
    return shown.length > 0 && element('section', { class: 'part' }, element('h3', {}, heading), ...shown);
}

const example = (value) => element('pre', {}, element('code', {}, JSON.stringify(value, null, 2)));

/** What a schema says, under its name where it has one. */
function body(document, schema, examples) {
    const type = resolved(document, schema);
    const variants = type.oneOf && [': ', typeOf(type)];
    return [
        element('p', {}, typeOf(schema), ...(variants ?? [])),
        type.properties && fields(type, document.components.schemas),
        ...examples.map(example),
    ];
}

function content(openapi, holder) {
    return Object.entries(holder.content ?? {}).flatMap(([type, { schema, example: one, examples = {} }]) => {
        const values = [...(one === undefined ? [] : [one]), ...Object.values(examples).map(({ value }) => value)];
        return type === 'application/json' ? body(openapi, schema, values) : [element('p', {}, code(type))];
    });
}

/** A parameter as if it were a field of an object. */
const asField = ({ name, in: place, schema, description }) => [name, { ...schema, place, ...(description && { description }) }];

function operation(openapi, path, method, shared) {
    const found = openapi.paths[path][method];
    const parameters = [...shared, ...(found.parameters ?? [])].map((parameter) => resolved(openapi, parameter));
    const request = found.requestBody && resolved(openapi, found.requestBody);
    const answers = Object.entries(found.responses).map(([status, answer]) => {
        const { description, ...rest } = resolved(openapi, answer);
        const isRefusal = Number(status) >= 400;
        return element(
            'li',
            {},
            element('p', {}, element('span', { class: `tag ${isRefusal ? '' : 'good'}` }, status), ' ', ...prose.inline(description)),
            ...(isRefusal ? [] : content(openapi, rest).filter(Boolean)),
        );
    });
    return entry(
        `operation-${found.operationId}`,
        [element('span', { class: `method ${method}` }, method.toUpperCase()), element('code', { class: 'path' }, path)],
        found.summary,
        ...prose(found.description),
        element('p', { class: 'hint' }, found.security?.length === 0 ? 'Open to everybody.' : 'With a token, in the header or the cookie.'),
        part(
            'Parameters',
            parameters.length > 0 &&
                fields(
                    {
                        properties: Object.fromEntries(parameters.map(asField)),
                        required: parameters.filter((parameter) => parameter.required).map(({ name }) => name),
                    },
                    openapi.components.schemas,
                ),
        ),
        part('Body', ...(request ? [...prose(request.description), ...content(openapi, request)] : [])),
        part('Answers', element('ul', { class: 'answers' }, ...answers)),
    );
}

function operations(openapi, tag) {
    return Object.entries(openapi.paths).flatMap(([path, item]) =>
        methods.filter((method) => item[method]?.tags.includes(tag)).map((method) => operation(openapi, path, method, item.parameters ?? [])),
    );
}

const answer = (asyncapi, name) => element('a', { href: `#frame-${name}` }, asyncapi.components.messages[name].name);

function frame(asyncapi, name, replies) {
    const message = asyncapi.components.messages[name];
    const variants = message.payload.oneOf ?? [message.payload];
    return entry(
        `frame-${name}`,
        [element('code', { class: 'path' }, message.name)],
        message.summary,
        ...variants.map((variant) =>
            part(
                variants.length > 1 ? lastName(variant) : 'Fields',
                fields(resolved(asyncapi, variant), asyncapi.components.schemas),
            ),
        ),
        part('Answered by', replies.length > 0 && element('p', {}, ...replies.flatMap((reply) => [answer(asyncapi, reply), ' ']))),
        part('Example', ...message.examples.map(({ payload }) => example(payload))),
    );
}

/** The frames of both directions: each by its name, those of clients with what answers them. */
function frames(asyncapi) {
    const received = Object.values(asyncapi.operations).filter(({ action }) => action === 'receive');
    const fromClients = received.flatMap(({ messages, reply }) => messages.map((message) => [lastName(message), reply.messages.map(lastName)]));
    const names = new Set(fromClients.map(([name]) => name));
    const fromServer = Object.keys(asyncapi.channels.live.messages).filter((name) => !names.has(name));
    return [fromClients.map(([name, replies]) => frame(asyncapi, name, replies)), fromServer.map((name) => frame(asyncapi, name, []))];
}

function closeCodes(asyncapi) {
    const rows = asyncapi.channels.live['x-close-codes'].map(({ code: number, reason, description, reconnect }) =>
        element(
            'li',
            {},
            element('p', {}, element('code', { class: 'field' }, `${number}`), reason && code(reason)),
            element('p', { class: 'hint' }, ...prose.inline(`${description} Connect again? ${reconnect[0].toUpperCase()}${reconnect.slice(1)}.`)),
        ),
    );
    return [element('ul', { class: 'card fields' }, ...rows)];
}

function schemas(openapi, asyncapi) {
    const all = { ...openapi.components.schemas, ...asyncapi.components.schemas };
    return Object.entries(all).map(([name, schema]) =>
        entry(
            `schema-${name}`,
            [element('code', { class: 'path' }, name)],
            schema.properties ? '' : (schema.description ?? ''),
            ...(schema.properties ? [...prose(schema.description), fields(schema, all)] : [element('p', {}, typeOf(schema))]),
        ),
    );
}

/** How a token goes along. */
function tokens(openapi) {
    const { bearer, cookie } = openapi.components.securitySchemes;
    return [`The header \`Authorization\`, \`Bearer\` and the token: ${bearer.description}`, `The cookie \`${cookie.name}\`: ${cookie.description}`];
}

/** One part of the page, with its place in the contents. */
function chapter(name, description, entries) {
    const id = name.toLowerCase().replace(/[^a-z]+/g, '-');
    return {
        link: element('a', { href: `#${id}` }, name),
        section: element(
            'section',
            { id, class: 'chapter', 'aria-labelledby': `${id}-name` },
            element('h2', { id: `${id}-name` }, name),
            ...prose(description),
            ...entries,
        ),
    };
}

/** Opens what the address names, and goes there. */
function follow() {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    if (target.matches('details')) target.open = true;
    target.scrollIntoView();
}

async function show() {
    const [openapi, asyncapi] = await Promise.all(
        ['/openapi.json', '/docs/asyncapi.json'].map(async (path) => {
            const answer = await fetch(path);
            if (!answer.ok) throw new Error(`${path} was answered with ${answer.status}.`);
            return answer.json();
        }),
    );
    const [fromClients, fromServer] = frames(asyncapi);
    const chapters = [
        chapter('About HTTP', [openapi.info.description, ...tokens(openapi)].join('\n\n'), []),
        ...openapi.tags.map(({ name, description }) => chapter(name, description, operations(openapi, name))),
        chapter('About the WebSocket', `${asyncapi.info.description}\n\n${asyncapi.channels.live.description}`, []),
        chapter('Frames from clients', '', fromClients),
        chapter('Frames from the server', '', fromServer),
        chapter('Close codes', 'Why a connection was closed, and whether to connect again.', closeCodes(asyncapi)),
        chapter('Schemas', 'What bodies and frames are made of.', schemas(openapi, asyncapi)),
    ];
    fill(document.getElementById('contents'), element('ul', {}, ...chapters.map(({ link }) => element('li', {}, link))));
    fill(main, ...chapters.map(({ section }) => section), element('p', { class: 'hint' }, `Version ${openapi.info.version}`));
    follow();
}

window.addEventListener('hashchange', follow);
show().catch((error) => fill(main, element('p', { class: 'notice danger', role: 'alert' }, `The documents can’t be shown: ${error.message}`)));

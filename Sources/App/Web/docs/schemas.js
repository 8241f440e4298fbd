/** JSON Schema for people: what a value may be, and what an object has. */

import { element } from '/dom.js';
import { code, prose } from './prose.js';

const joined = (nodes, mark) => nodes.flatMap((node, index) => (index === 0 ? [node] : [mark, node])).flat();

const nameOf = (schema) => schema.$ref.split('/').at(-1);

function between(low, high) {
    if (low === high) return `${low}`;
    if (high === undefined) return `${low} or more`;
    return low === undefined ? `up to ${high}` : `${low} to ${high}`;
}

/** The limits of a number, a text, an array or an object, in words. */
function limits(schema) {
    const found = [
        [schema.minimum, schema.maximum, ''],
        [schema.minLength, schema.maxLength, ' characters'],
        [schema.minItems, schema.maxItems, ' elements'],
        [undefined, schema.maxProperties, ' members'],
    ];
    return found.filter(([low, high]) => low !== undefined || high !== undefined).map(([low, high, what]) => `, ${between(low, high)}${what}`);
}

/** What a value may be, as the pieces of a sentence: a link where a schema has a name. */
function words(schema) {
    if (schema.$ref) return [element('a', { href: `#schema-${nameOf(schema)}` }, nameOf(schema))];
    if (schema.oneOf) return joined(schema.oneOf.map(words), ' or ');
    if ('const' in schema) return [code(JSON.stringify(schema.const))];
    const inner = schema.items ?? schema.additionalProperties;
    const what = schema.enum
        ? joined(schema.enum.map((value) => code(JSON.stringify(value))), ', ')
        : [[schema.type].flat().join(' or '), ...(inner ? [' of ', ...words(inner)] : [])];
    return [
        ...what,
        ...limits(schema),
        ...(schema.pattern ? [', like ', code(schema.pattern)] : []),
        ...('default' in schema ? [', else ', code(JSON.stringify(schema.default))] : []),
    ];
}

export const typeOf = (schema) => element('span', { class: 'type' }, ...words(schema));

/** A field: its name, what it may be, and what is said of it. */
function row(name, field, isOptional, named) {
    // What is said of the text or number that a name stands for is said here too; objects have a place of their own.
    const target = field.$ref && named[nameOf(field)];
    const plain = target && !target.properties ? target : {};
    const description = field.description ?? plain.description;
    return element(
        'li',
        {},
        element(
            'p',
            {},
            element('code', { class: 'field' }, name),
            typeOf(field),
            ...limits(plain),
            field.place && element('span', { class: 'tag' }, `in the ${field.place}`),
            isOptional && element('span', { class: 'tag' }, 'optional'),
        ),
        description && element('p', { class: 'hint' }, ...prose.inline(description)),
    );
}

/**
 * @param {any} schema of an object; `place` in a field says where a parameter stands
 * @param {Record<string, any>} named the schemas that a `$ref` may name
 */
export function fields(schema, named) {
    const rows = Object.entries(schema.properties).map(([name, field]) => row(name, field, !schema.required?.includes(name), named));
    return element('ul', { class: 'fields' }, ...rows);
}

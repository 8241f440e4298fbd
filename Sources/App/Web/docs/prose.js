/** The little of CommonMark that the documents' descriptions use, as elements: paragraphs, `code`, *emphasis* and [links](…). */

import { element } from '/dom.js';

export const code = (text) => element('code', {}, text);

/** A text as paragraphs; none of nothing. */
export function prose(text = '') {
    return text.split('\n\n').filter(Boolean).map((paragraph) => element('p', {}, ...prose.inline(paragraph)));
}

/** A paragraph's pieces. */
prose.inline = (text) =>
    text.split(/(`[^`]+`|\*[^*]+\*|\[[^\]]+\]\([^)]+\))/).filter(Boolean).map((piece) => {
        const link = piece.match(/^\[(.+)\]\((.+)\)$/);
        if (link) return element('a', { href: link[2] }, link[1]);
        if (/^`.+`$/.test(piece)) return code(piece.slice(1, -1));
        if (/^\*.+\*$/.test(piece)) return element('em', {}, piece.slice(1, -1));
        return piece;
    });

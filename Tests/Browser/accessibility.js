// Looks at the page as it is now and returns what is wrong with it, a sentence each (https://www.w3.org/TR/WCAG22/).
const problems = [];
const describe = (node) => `<${node.tagName.toLowerCase()} class="${node.className.baseVal ?? node.className}"> ${(node.textContent || node.value || '').trim().slice(0, 30)}`;
const isShown = (node) => node.checkVisibility({ opacityProperty: true, visibilityProperty: true }) && node.getClientRects().length > 0;

// 3.1.1, 2.4.2, 1.3.1: the page as a whole.
if (!document.documentElement.lang) problems.push('The page has no language.');
if (!document.title) problems.push('The page has no title.');
const mains = [...document.querySelectorAll('main')].filter(isShown);
if (mains.length > 1) problems.push(`There are ${mains.length} main parts.`);
const ids = [...document.querySelectorAll('[id]')].map((node) => node.id);
for (const id of new Set(ids.filter((id, index) => ids.indexOf(id) !== index))) problems.push(`The id ${id} is there twice.`);
for (const node of document.querySelectorAll('[aria-labelledby], [aria-describedby], [aria-controls], label[for]')) {
    for (const name of ['aria-labelledby', 'aria-describedby', 'aria-controls', 'for']) {
        for (const id of (node.getAttribute(name) ?? '').split(' ').filter(Boolean)) {
            if (!document.getElementById(id)) problems.push(`${describe(node)}: ${name} names ${id}, which isn't there.`);
        }
    }
}

// 2.4.3, 2.5.8: the order is the page's own, and what is touched is large enough.
const controls = [...document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex]')].filter(isShown);
for (const node of controls) {
    if (node.tabIndex > 0) problems.push(`${describe(node)} has a tab index of its own.`);
    const box = node.getBoundingClientRect();
    const isInline = node.closest('p') && node.tagName === 'A';
    if (!isInline && (box.width < 24 || box.height < 24) && !node.matches('[tabindex="-1"], .link, summary')) {
        problems.push(`${describe(node)} is only ${Math.round(box.width)} × ${Math.round(box.height)}.`);
    }
}

// 1.4.10: nothing needs to be scrolled sideways.
if (document.documentElement.scrollWidth > innerWidth) problems.push(`The page is ${document.documentElement.scrollWidth} wide in ${innerWidth}.`);
for (const node of document.querySelectorAll('.sidebar, .main, .conversation-head, .composer, .log, .dialog, .sign-in, .admin-panel, .banner')) {
    if (isShown(node) && node.scrollWidth > node.clientWidth + 1) problems.push(`${describe(node)} is ${node.scrollWidth} wide in ${node.clientWidth}.`);
}

// 1.4.3: text against what lies behind it.
const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
function rgba(color) {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
}
const over = ([r, g, b, a], [x, y, z]) => [r * a + x * (1 - a), g * a + y * (1 - a), b * a + z * (1 - a), 1];
function behind(node) {
    const layers = [];
    for (let at = node; at; at = at.parentElement) {
        const color = rgba(getComputedStyle(at).backgroundColor);
        if (color[3] > 0) layers.push(color);
        if (color[3] === 1) break;
    }
    return layers.reverse().reduce((below, layer) => over(layer, below), [255, 255, 255, 1]);
}
function luminance([r, g, b]) {
    const [x, y, z] = [r, g, b].map((value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
}
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
    const text = walker.currentNode.textContent.trim();
    const node = walker.currentNode.parentElement;
    if (!text || !isShown(node) || node.closest('.visually-hidden, noscript, option, [disabled]')) continue;
    const style = getComputedStyle(node);
    const ground = behind(node);
    let opacity = 1;
    for (let at = node; at; at = at.parentElement) opacity *= Number(getComputedStyle(at).opacity);
    const color = rgba(node instanceof SVGElement ? style.fill : style.color);
    const [light, dark] = [luminance(over([color[0], color[1], color[2], color[3] * opacity], ground)), luminance(ground)].sort((a, b) => b - a);
    const contrast = (light + 0.05) / (dark + 0.05);
    const size = parseFloat(style.fontSize);
    const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (contrast < (isLarge ? 3 : 4.5)) problems.push(`“${text.slice(0, 30)}” has a contrast of ${contrast.toFixed(2)}.`);
}
return problems;

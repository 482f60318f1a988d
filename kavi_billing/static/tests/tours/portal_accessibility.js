// What a page has to hold for everybody to be able to use it. Looked at on the page as
// it is rendered; what is wrong fails the tour.

const MINIMUM = 4.5; // WCAG AA for text of normal size
const MINIMUM_LARGE = 3;

function isShown(element) {
    return element.checkVisibility({visibilityProperty: true, opacityProperty: true});
}

function parseColor(text) {
    const [red, green, blue, alpha = 1] = text.match(/[\d.]+/g).map(Number);
    return {red, green, blue, alpha};
}

function mix(over, under) {
    const part = (name) => over[name] * over.alpha + under[name] * (1 - over.alpha);
    return {red: part("red"), green: part("green"), blue: part("blue"), alpha: 1};
}

function getBackground(element) {
    if (!element) {
        return {red: 255, green: 255, blue: 255, alpha: 1};
    }
    const style = getComputedStyle(element);
    let color = parseColor(style.backgroundColor);
    // Bootstrap stripes its tables by a shadow inside the cell
    if (style.boxShadow.includes("inset") && style.boxShadow.startsWith("rgb")) {
        const stripe = parseColor(style.boxShadow.match(/rgba?\([^)]*\)/)[0]);
        if (style.boxShadow.includes("9999px")) {
            color = color.alpha ? mix(stripe, color) : stripe;
        }
    }
    return color.alpha === 1 ? color : mix(color, getBackground(element.parentElement));
}

function getLuminance({red, green, blue}) {
    const [r, g, b] = [red, green, blue].map((value) => {
        const part = value / 255;
        return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function getContrast(element) {
    const background = getBackground(element);
    const color = mix(parseColor(getComputedStyle(element).color), background);
    const [dark, light] = [getLuminance(color), getLuminance(background)].sort(
        (a, b) => a - b
    );
    return (light + 0.05) / (dark + 0.05);
}

function getName(element) {
    const labelled = (element.getAttribute("aria-labelledby") || "")
        .split(" ")
        .map((id) => document.getElementById(id)?.textContent || "")
        .join("");
    const labels = [...(element.labels || [])]
        .map((label) => label.textContent)
        .join("");
    const image = element.querySelector("img[alt], [aria-label], [title]");
    return (
        element.getAttribute("aria-label") ||
        labelled ||
        labels ||
        (element.matches("input, select, textarea") ? "" : element.textContent) ||
        element.title ||
        image?.alt ||
        image?.ariaLabel ||
        image?.title ||
        ""
    ).trim();
}

function findProblems(root) {
    const problems = [];
    const all = [...root.querySelectorAll("*")].filter(isShown);
    const controls = all.filter((element) =>
        element.matches("a[href], button, input:not([type=hidden]), select, textarea")
    );
    for (const element of controls) {
        if (!getName(element)) {
            problems.push(`no name: ${element.outerHTML.slice(0, 120)}`);
        }
        if (element.tabIndex !== 0) {
            problems.push(`not in order: ${element.outerHTML.slice(0, 120)}`);
        }
        element.focus({focusVisible: true});
        const style = getComputedStyle(element);
        const isVisible =
            (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2) ||
            style.boxShadow !== "none";
        if (document.activeElement === element && !isVisible) {
            problems.push(`focus not seen: ${element.outerHTML.slice(0, 120)}`);
        }
        element.blur();
    }
    for (const element of all) {
        const texts = [...element.childNodes].filter(
            (node) => node.nodeType === Node.TEXT_NODE && node.textContent.trim()
        );
        if (!texts.length || element.closest(".visually-hidden")) {
            continue;
        }
        const style = getComputedStyle(element);
        const size = parseFloat(style.fontSize);
        const isLarge = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
        const contrast = getContrast(element);
        if (contrast < (isLarge ? MINIMUM_LARGE : MINIMUM)) {
            problems.push(`contrast ${contrast.toFixed(2)}: ${texts[0].textContent}`);
        }
    }
    for (const table of root.querySelectorAll("table")) {
        if (!table.querySelector("caption") || table.querySelector("th:not([scope])")) {
            problems.push(`table without caption or scopes: ${table.className}`);
        }
    }
    for (const section of root.querySelectorAll("section")) {
        if (!getName(section)) {
            problems.push(`section without a name: ${section.id}`);
        }
    }
    const levels = all
        .filter((element) => element.matches("h1, h2, h3, h4, h5, h6"))
        .map((element) => Number(element.tagName[1]));
    if (levels[0] !== 1 || levels.filter((level) => level === 1).length > 1) {
        problems.push(`headings: ${levels}`);
    }
    if (levels.some((level, index) => index && level > levels[index - 1] + 1)) {
        problems.push(`headings leave out a level: ${levels}`);
    }
    const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
    const twice = ids.filter((id, index) => id && ids.indexOf(id) !== index);
    if (twice.length) {
        problems.push(`ids that are there twice: ${twice}`);
    }
    return problems;
}

/**
 * The step that looks at the page that is open.
 *
 * @param {String} content what the page is
 * @param {String} [trigger] what has to be there first
 * @returns {Object} a step of a tour
 */
export function checkPage(content, trigger = ".o_kavi_billing h1") {
    return {
        content: `Everybody can use it: ${content}`,
        trigger,
        run: () => {
            const problems = findProblems(document.querySelector(".o_kavi_billing"));
            if (document.documentElement.scrollWidth > window.innerWidth) {
                problems.push(`wider than the window: ${window.innerWidth}`);
            }
            if (!document.querySelector("main")) {
                problems.push("no main landmark");
            }
            if (!document.documentElement.lang) {
                problems.push("no language");
            }
            if (problems.length) {
                throw new Error(`${content}:\n${problems.join("\n")}`);
            }
        },
    };
}

// The settings of the Odoo Community Association for Odoo 19. White space between XML
// tags is kept, since in a page or a mail it may be seen.
module.exports = {
    plugins: [require.resolve("@prettier/plugin-xml")],
    bracketSpacing: false,
    printWidth: 88,
    proseWrap: "always",
    semi: true,
    trailingComma: "es5",
    xmlWhitespaceSensitivity: "preserve",
};

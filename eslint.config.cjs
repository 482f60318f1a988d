// What the Odoo Community Association holds for errors. Odoo treats every file below
// static/src and static/tests as a module.
const globals = require("globals");

module.exports = [
    {
        files: ["**/static/**/*.js"],
        languageOptions: {
            globals: {
                odoo: "readonly",
                owl: "readonly",
                luxon: "readonly",
                ...globals.browser,
            },
            ecmaVersion: 2024,
            sourceType: "module",
        },
        rules: {
            eqeqeq: "error",
            "init-declarations": "error",
            "no-cond-assign": "error",
            "no-const-assign": "error",
            "no-debugger": "error",
            "no-dupe-args": "error",
            "no-dupe-keys": "error",
            "no-duplicate-case": "error",
            "no-duplicate-imports": "error",
            "no-empty-function": "error",
            "no-eval": "error",
            "no-ex-assign": "error",
            "no-func-assign": "error",
            "no-global-assign": "error",
            "no-implied-eval": "error",
            "no-lonely-if": "error",
            "no-return-assign": "error",
            "no-undef": "error",
            "no-unneeded-ternary": "error",
            "no-unreachable": "error",
            "no-unsafe-finally": "error",
            "no-unused-expressions": "error",
            "no-unused-vars": "error",
            "no-use-before-define": "error",
            "operator-assignment": ["error", "always"],
            "prefer-const": "error",
            "spaced-comment": ["error", "always"],
        },
    },
];

# The linters, in the style of the Odoo Community Association (OCA). Sourced by bin/kavi.

# For XML and JavaScript; npm has no place in requirements.txt, so these are pinned here.
node_tools="prettier@3.6.2 @prettier/plugin-xml@3.4.2 eslint@9.36.0 globals@16.4.0"

get_node_tools() {
  local want
  want=$(echo "$node_tools" | digest)
  export NODE_PATH=$home/node/node_modules   # the configurations find the plug-ins there
  [ "$(cat "$home/node/.kavi" 2>/dev/null)" != "$want" ] || return 0
  command -v npm >/dev/null || return 1
  say "getting prettier and eslint ..."
  : > "$home/log/node.log"
  rm -rf "$home/node"; mkdir -p "$home/node"
  # shellcheck disable=SC2086  # a list
  logged node npm install --prefix "$home/node" --no-save --no-package-lock --no-audit --no-fund \
    --fetch-retries=1 --fetch-timeout=30000 $node_tools || return 1
  echo "$want" > "$home/node/.kavi"
}

# What git has or would add: never what lies in .odoo/
files_of() {  # files_of SUFFIX...
  local suffix file
  for suffix in "$@"; do
    git ls-files -z --cached --others --exclude-standard -- "*.$suffix" 2>/dev/null ||
      find . -path ./.odoo -prune -o -type f -name "*.$suffix" -print0
  done | while IFS= read -r -d '' file; do [ ! -f "$file" ] || printf '%s\0' "$file"; done
}

prettier() {
  files_of xml js cjs css scss yml yaml json | xargs -0 -r "$home/node/node_modules/.bin/prettier" --log-level=warn "$@"
}
eslint() { files_of js | xargs -0 -r "$home/node/node_modules/.bin/eslint" "$@"; }

check() {  # check NAME COMMAND...: quiet when it passes
  local name=$1 out; shift
  if out=$("$@" 2>&1); then say "lint: $name passed"; return; fi
  printf '%s\n' "$out"
  say "lint: $name FAILED"
  return 1
}

lint() {
  local failed=0 po
  check "ruff" ruff check --no-fix --quiet . || failed=1
  check "ruff format" ruff format --check --quiet . || failed=1
  check "pylint-odoo" pylint --rcfile=.pylintrc-mandatory -j 2 "${addon_list[@]}" || failed=1
  check "OCA's module checks" oca-checks-odoo-module "${addon_list[@]}" || failed=1
  po=$(ls */i18n/*.po */i18n/*.pot 2>/dev/null || true)
  # shellcheck disable=SC2086
  [ -z "$po" ] || check "OCA's translation checks" oca-checks-po $po || failed=1
  if get_node_tools; then
    check "prettier" prettier --check || failed=1
    check "eslint" eslint --max-warnings=0 || failed=1
  else
    say "lint: prettier and eslint left out (no npm, or its registry is out of reach)"
  fi
  return "$failed"
}

format() {  # what can be put right by a tool; the rest is lint's to tell
  ruff check --fix --quiet . || true
  ruff format --quiet .
  oca-checks-odoo-module --fix "${addon_list[@]}" >/dev/null 2>&1 || true
  if get_node_tools; then prettier --write; else say "prettier left out (no npm, or its registry is out of reach)"; fi
}

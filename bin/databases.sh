# The databases, sourced by bin/kavi. Their filestores are copied and dropped with them.
#
#   kavi_base_KEY      Odoo with demo data and what our addons build on; made once, takes a minute
#   kavi_seed          a copy of it with our addons installed; made anew when their files have changed
#   kavi               the demo database of `up`: kept, and updated when the addons have changed; made anew
#                      when there are others, or another major version of one
#   kavi_test, kavi_test_scratch, kavi_bench    fresh copies of kavi_seed
#   kavi_test_gw0, kavi_test_scratch_gw0 ...    the same for each of several test processes
#
# Where a server is shared, KAVI_DB=NAME gives another name in place of kavi.
db=${KAVI_DB:-kavi}

sql() { psql -X -q -v ON_ERROR_STOP=1 -d postgres -At "$@"; }
has_db() { [ "$(sql -c "select 1 from pg_database where datname = '$1'")" = 1 ]; }
# What a database was made from is noted as its comment, so that both come and go together.
db_key() { sql -c "select shobj_description(oid, 'pg_database') from pg_database where datname = '$1'"; }
set_db_key() { sql -c "comment on database \"$1\" is '$2'"; }

drop_db() {
  sql -c "drop database if exists \"$1\" with (force)" 2>/dev/null
  rm -rf "$home/data/filestore/$1"
}

copy_db() {  # copy_db FROM TO: TO is replaced
  local store=$home/data/filestore
  drop_db "$2"
  createdb -T "$1" "$2"
  # hard links will do: the files are named after their content and never written to
  [ ! -d "$store/$1" ] || cp -rl "$store/$1" "$store/$2" 2>/dev/null || cp -r "$store/$1" "$store/$2"
}

rename_db() {
  sql -c "alter database \"$1\" rename to \"$2\""
  rm -rf "$home/data/filestore/$2"
  [ ! -d "$home/data/filestore/$1" ] || mv "$home/data/filestore/$1" "$home/data/filestore/$2"
}

# All that there are of these, one a line, but for the base; also what a test has left that was killed.
made_dbs() {
  sql -v db="$db" <<'SQL'
select datname from pg_database where starts_with(datname, :'db')
  and substr(datname, length(:'db') + 1) ~ '^(|_seed|_seed-part|_bench|_test(_scratch)?(_gw\d+)?(_\d+_\d+)?)$'
SQL
}

# Mail goes to a mail catcher on port 1025, where there is one: demo data has addresses, and the machine may
# run a real mail server on port 25.
write_conf() {
  mkdir -p "$home/data"
  cat > "$home/odoo.conf" <<CONF
[options]
addons_path = $here
data_dir = $home/data
bin_path = $home/bin
http_interface = 127.0.0.1
http_port = $port
list_db = False
smtp_server = localhost
smtp_port = 1025
CONF
  export ODOO_RC=$home/odoo.conf
}

# Runs Odoo to its end without a server; its log goes to $home/log/NAME.log.
odoo_quietly() {  # odoo_quietly NAME ARGUMENT...
  local log=$home/log/$1.log; shift
  "$py" -m odoo server "$@" --no-http --stop-after-init --logfile="$log" </dev/null >>"$log" 2>&1 9>&- 8>&- && return
  grep -E -A 40 '^[0-9 :,-]+ [0-9]+ (ERROR|CRITICAL) ' "$log" | tail -n 60 >&2 || tail -n 40 "$log" >&2
  return 1
}

# Odoo builds a page's scripts and styles at its first visit. A test's are rolled back with it, so without this
# every tour would build them again (6 s each).
build_assets() {  # build_assets DATABASE
  "$py" -m odoo shell -d "$1" --no-http --log-level=error >>"$home/log/assets.log" 2>&1 9>&- 8>&- <<'PY'
both = ("web.assets_web", "web.assets_frontend", "web.assets_frontend_lazy", "web.assets_frontend_minimal",
        "web.report_assets_common")
styles = ("web.assets_web_print",)
scripts = ("web.assets_tests", "web.__assets_tests_call__", "bus.websocket_worker_assets")
for name in both + styles:
    bundle = env["ir.qweb"]._get_asset_bundle(name, css=True, js=name in both)
    bundle.css()
    if bundle.css_errors:  # Odoo would go on with the styles of before, and a red line on each page
        raise SystemExit(bundle.css_errors[0][:300])
for name in both + scripts:
    env["ir.qweb"]._get_asset_bundle(name, css=name in both, js=True).js()
env.cr.commit()
PY
}

get_base() {
  base_db=${db}_base_$({ cat "$odoo/odoo/release.py" "$home/root/packages" 2>/dev/null; echo "$odoo $base"; } | digest)
  ! has_db "$base_db" || return 0
  say "making the template database ($base, demo data; about a minute) ..."
  : > "$home/log/base.log"
  drop_db "$base_db-part"
  odoo_quietly base -d "$base_db-part" -i "$base" --with-demo || die "Odoo's own addons did not install (log: $home/log/base.log)"
  build_assets "$base_db-part" || die "Odoo's styles did not compile (log: $home/log/assets.log)"
  rename_db "$base_db-part" "$base_db"
}

get_seed() {
  get_base
  seed=${db}_seed
  local key=$base_db-$addons_key
  if has_db "$seed" && [ "$(db_key "$seed")" = "$key" ]; then return; fi
  say "installing ${addons//,/, } with demo data ..."
  : > "$home/log/install.log"
  drop_db "$seed"; copy_db "$base_db" "$seed-part"
  odoo_quietly install -d "$seed-part" -i "$addons" --with-demo || die "the addons did not install (log: $home/log/install.log)"
  build_assets "$seed-part" || die "the styles did not compile (log: $home/log/assets.log)"
  rename_db "$seed-part" "$seed"
  set_db_key "$seed" "$key"
}

get_demo() {
  get_base
  local was
  if has_db "$db"; then
    was=$(db_key "$db")   # its addons_key and its addons_set
    if [ "${was%% *}" = "$addons_key" ]; then return; fi
    # a database without such a note is none of ours, and never dropped
    if [ "${was#* }" = "$addons_set" ] || ! [[ $was =~ ^[0-9a-f]{12}( |$) ]]; then update_demo; return; fi
    say "there are other addons than the demo database was made from: making it anew, without what was entered ..."
    stop_server
  else
    say "making the demo database ..."
  fi
  get_seed
  copy_db "$seed" "$db"
  note_demo
}

update_demo() {
  say "the addons have changed: updating the demo database ..."
  : > "$home/log/update.log"
  odoo_quietly update -d "$db" -i "$addons" -u "$addons" ||
    die "the update failed and was undone (log: $home/log/update.log; \`bin/kavi reset\` makes the demo anew)"
  note_demo
}

note_demo() { set_db_key "$db" "$addons_key $addons_set"; }

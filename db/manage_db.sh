#!/usr/bin/env bash
set -euo pipefail

usage() {
  cat <<'HELP'
Usage: db/manage_db.sh [--dev|--test] [--yes] COMMAND [FILE]

  --dev    the database of DATABASE_URL (default)
  --test   the database of TEST_DATABASE_URL
  --yes    do not ask before dropping

Commands:
  create   make the database if it is not there, and run the migrations that it lacks.
           CHATBOT_APP_PASSWORD and CHATBOT_INGRESS_PASSWORD, where set, become the roles' passwords
           if DATABASE_URL is a superuser's; else the roles keep those that they were made with.
  seed     put in one shop with a chatbot, or bring its number and token up to date.
           --dev needs WHATSAPP_PHONE_NUMBER_ID and WHATSAPP_ACCESS_TOKEN. The token is sealed with
           CREDENTIALS_KEYS; where that is not set, with a key set that is drawn once and kept in
           CREDENTIALS_KEYS_FILE (.local/credentials_keys.json).
  drop     disconnect everybody and drop the database; asks for its name first.
  reset    drop, create and seed; asks for the database's name first.
  verify   check the extension, the migrations, row-level security, roles, functions,
           and that the schema is db/schema.sql.
  backup FILE         save everything in FILE, and beside it in FILE.json what each table held.
  restore FILE        bring it back into an empty database, which is made when it is not there.
  verify-backup FILE  restore it into a database of its own, compare every table with FILE.json,
           try CREDENTIALS_KEYS on the credentials where that is set, drop that database, and print
           one line of JSON.
           With --dev these three log in by BACKUP_DATABASE_URL (DATABASE_URL when it is not set): the
           superuser, since row-level security keeps rows from the owner too. They need pg_dump and
           pg_restore of the server's major version; PG_TOOLS, where set, is what runs them beside it.

Variables are read from the environment, then from .env in the repository's root.
Exit status: 0 done, 1 failed or verify found something, 2 wrong usage.
HELP
}

fail_usage() {
  echo "$1" >&2
  echo "db/manage_db.sh --help says what there is." >&2
  exit 2
}

# What is in the environment already wins over .env, whose values are taken as they stand.
read_env_file() {
  local line name value
  while IFS= read -r line || [[ -n $line ]]; do
    [[ $line =~ ^[A-Z_][A-Z0-9_]*= ]] || continue
    name=${line%%=*}
    value=${line#*=}
    if [[ -z ${!name:-} && -n $value ]]; then
      export "$name=$value"
    fi
  done <"$1"
}

confirm_drop() {
  local url=$1 name answer
  name=${url##*/}
  name=${name%%\?*}
  read -r -p "This drops everything in the database \"$name\". Type its name to go on: " answer || true
  if [[ $answer != "$name" ]]; then
    echo "Nothing was dropped." >&2
    exit 1
  fi
}

main() {
  local target=dev command='' file='' assume_yes=false argument
  for argument in "$@"; do
    case $argument in
      --dev) target=dev ;;
      --test) target=test ;;
      --yes) assume_yes=true ;;
      -h | --help)
        usage
        exit 0
        ;;
      create | seed | drop | reset | verify | backup | restore | verify-backup)
        [[ -z $command ]] || fail_usage "One command at a time: \"$command\" or \"$argument\"."
        command=$argument
        ;;
      *)
        [[ $command =~ ^(backup|restore|verify-backup)$ && -z $file && $argument != -* ]] ||
          fail_usage "\"$argument\" is no option and no command."
        # as the caller sees it, and not from the repository's root
        file=$(realpath -m -- "$argument")
        ;;
    esac
  done
  [[ -n $command ]] || fail_usage "No command was given."

  cd "$(dirname "${BASH_SOURCE[0]}")/.."
  if [[ -f .env ]]; then
    read_env_file .env
  fi

  local url=${DATABASE_URL:-}
  if [[ $target == test ]]; then
    url=${TEST_DATABASE_URL:-}
  fi
  # without a URL there is nothing to drop, and manage.ts says which variable is missing
  if [[ $command =~ ^(drop|reset)$ && $assume_yes == false && -n $url ]]; then
    confirm_drop "$url"
  fi
  exec node --import tsx db/manage.ts "$target" "$command" "$file"
}

main "$@"

# The main job, as `make demo` shows it: $1 is the reconciler to run.
set -eu
reconciler=$1

show() {
    printf '\n$ %s\n' "$*"
    shift
    "$reconciler" "$@"
}

export RECONCILER_TARGET=sandbox
show reconciler sandbox reset
show reconciler plan
show reconciler apply --auto-approve
show reconciler plan

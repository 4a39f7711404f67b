# The main job, as `make demo` shows it, with the reconciler of this checkout: $1 is the Python to run.
set -eu
python=$1

show() {
    printf '\n$ %s\n' "$*"
    shift
    "$python" -m reconciler "$@"
}

export RECONCILER_TARGET=sandbox
show reconciler sandbox reset
show reconciler plan
show reconciler apply --auto-approve
show reconciler plan

#!/usr/bin/env bash
# The suite as a job: what every recipe beside this file calls.
#
#   recipes/check.sh nightly [ARGUMENTS...]   staging, -m smoke; then finish
#   recipes/check.sh release [ARGUMENTS...]   prod, --allow place-calls; then finish
#   recipes/check.sh finish nightly|release   sweep, and put the reports where the CI takes them.
#                                             For a step that runs always: it does what a job that
#                                             was stopped did not come to, else nothing more.
#
# ARGUMENTS go to pytest. Exit status of a check: that of pytest, or 1 when only the sweep failed.
# SIGTERM and SIGINT end the checks in order, and the sweep still runs.
#
# What may be set, beside the nine variables of the deployment:
#   LIVEKIT_CONFORMANCE_ENV          another environment than staging or prod
#   LIVEKIT_CONFORMANCE_REQUIRE_COVERAGE
#                                    per cent of all checks that must be decided (default: 0)
#   LIVEKIT_CONFORMANCE_REPORTS      the history, kept from job to job (default: reports)
#   LIVEKIT_CONFORMANCE_JOB_REPORTS  the reports of this job alone (default: job-reports)
#   LIVEKIT_CONFORMANCE_BIN          folder of pytest and livekit-conformance
#                                    (default: .venv/bin, made from requirements.lock)
set -euo pipefail
cd "$(dirname "$0")/.."

readonly runs_kept=30
readonly unfit=unfit-for-a-ticket.txt # of a run whose reports show a secret
reports=${LIVEKIT_CONFORMANCE_REPORTS:-reports}
job_reports=${LIVEKIT_CONFORMANCE_JOB_REPORTS:-job-reports}
bin=${LIVEKIT_CONFORMANCE_BIN:-.venv/bin}
environment=
selection=()
pytest=    # its process id
signals=0

main() {
    case ${1:-} in
    nightly | release)
        choose "$1"
        check "${@:2}"
        ;;
    finish)
        choose "${2:-}"
        install
        finish
        ;;
    *) usage ;;
    esac
}

usage() {
    echo "usage: $0 nightly|release [ARGUMENTS...], $0 finish nightly|release" >&2
    exit 4
}

choose() {
    case $1 in
    nightly)
        environment=staging
        selection=(-m smoke)
        ;;
    release)
        environment=prod
        selection=(--allow place-calls)
        ;;
    *) usage ;;
    esac
    environment=${LIVEKIT_CONFORMANCE_ENV:-$environment}
}

install() {
    [[ -z ${LIVEKIT_CONFORMANCE_BIN:-} ]] || return 0
    make --silent .venv/run || {
        echo "the suite could not be installed" >&2
        exit 3
    }
}

check() {
    local status=0
    trap stop TERM INT
    # What an earlier job left must not be taken for ours, should this one not come to a report.
    clear_job_reports
    rm -f "$reports/latest"
    install
    if ((signals == 0)); then
        run_pytest "$@" || status=$?
        finish || status=$((status ? status : 1))
    else
        status=2
    fi
    echo "conformance check: exit status $status, $(meaning "$status")"
    return "$status"
}

clear_job_reports() {
    if [[ -e $job_reports && ! -e $job_reports/journal.jsonl && ! -e $job_reports/$unfit ]]; then
        echo "$job_reports is no folder of reports, so it is not replaced" >&2
        exit 4
    fi
    rm -rf "$job_reports"
}

# In the background, since a shell that waits for a foreground process hears no signal.
run_pytest() {
    local heard status
    # Background processes of a script ignore SIGINT, by which asyncio cancels a running check.
    (
        trap - INT TERM
        exec "$bin/pytest" suites/ -p no:cacheprovider \
            --env="$environment" --reports="$reports" "${selection[@]}" "$@"
    ) &
    pytest=$!
    # A signal that came before there was anything to pass it on to.
    ((signals == 0)) || stop
    while
        heard=$signals
        status=0
        wait "$pytest" || status=$?
        ((heard != signals))
    do :; done
    pytest=
    return "$status"
}

stop() {
    signals=$((signals + 1))
    [[ -z $pytest ]] || kill -TERM "$pytest" 2>/dev/null || true
}

finish() {
    local swept=0
    "$bin/livekit-conformance" sweep --env="$environment" --reports="$reports" || swept=$?
    if [[ -e $reports/latest ]]; then
        if [[ -e $reports/latest/$unfit ]]; then
            withhold "$reports/latest/"
        else
            complete_reports "$reports/latest" || swept=$?
        fi
        clear_job_reports
        { cp -RL "$reports/latest" "$job_reports" && rm "$reports/latest"; } || swept=$?
    fi
    # While something is left on the deployment, the ledgers that tell whose it is are needed.
    ((swept)) || forget_old_runs
    return "$swept"
}

# What shows a secret is neither uploaded nor kept; what the sweep needs stays.
withhold() {
    find "$1" -mindepth 1 -depth ! -name "$unfit" ! -name ledger.jsonl -delete
    rm -rf "$reports/allure-history"
    echo "the reports hold a secret, so they were deleted:" >&2
    cat "$1/$unfit" >&2
}

# A run that was killed has a journal only.
complete_reports() {
    local name status=0
    for name in results.json report.html junit.xml summary.md; do
        if [[ ! -s $1/$name ]]; then
            "$bin/livekit-conformance" report --from "$1/journal.jsonl" || status=$?
            ((status <= 1)) || return "$status"
            return 0
        fi
    done
}

# Their names begin with the time, so they sort by age.
forget_old_runs() {
    local runs
    mapfile -t runs < <(
        find "$reports" -mindepth 1 -maxdepth 1 -type d -name '2*T*Z-*' 2>/dev/null | sort -r
    )
    ((${#runs[@]} <= runs_kept)) || rm -rf -- "${runs[@]:runs_kept}"
}

meaning() {
    case $1 in
    0) echo "nothing looked at is violated, and nothing is left on $environment" ;;
    1) echo "not conformant, incomplete or too little covered, or something is left on $environment" ;;
    2) echo "interrupted" ;;
    3) echo "internal error of the suite" ;;
    4) echo "unusable environment, profile, variable or option" ;;
    5) echo "nothing was selected" ;;
    126 | 127) echo "$bin/pytest could not be started" ;;
    *) if (($1 > 128)); then echo "ended by signal $(($1 - 128))"; else echo "unknown"; fi ;;
    esac
}

main "$@"

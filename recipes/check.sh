#!/usr/bin/env bash
# Run the suite as a CI job. Every recipe in this folder calls this script.
#
#   recipes/check.sh nightly [ARGUMENTS...]   staging, -m smoke; then finish
#   recipes/check.sh release [ARGUMENTS...]   prod, --allow place-calls; then finish
#   recipes/check.sh finish nightly|release   sweep, and copy the reports to where the CI reads them.
#                                             For a step that always runs: it completes a stopped
#                                             job; after a complete one it only sweeps again.
#
# ARGUMENTS go to pytest. Exit status of a check: that of pytest, or 1 if only the sweep failed.
# After SIGTERM or SIGINT the checks end in an orderly way, and the sweep still runs.
#
# Optional variables, beside the nine of the deployment:
#   LIVEKIT_CONFORMANCE_ENV          environment (default: staging for nightly, prod for release)
#   LIVEKIT_CONFORMANCE_REQUIRE_COVERAGE
#                                    lowest accepted coverage in per cent (default: 0)
#   LIVEKIT_CONFORMANCE_REPORTS      the history, kept from job to job (default: reports)
#   LIVEKIT_CONFORMANCE_JOB_REPORTS  the reports of this job alone (default: job-reports)
#   LIVEKIT_CONFORMANCE_BIN          folder of pytest and livekit-conformance
#                                    (default: .venv/bin, made from requirements.lock)
set -euo pipefail
cd "$(dirname "$0")/.."

readonly runs_kept=30
readonly unfit=unfit-for-a-ticket.txt # written if the reports of a run contain a secret
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
    # If this job writes no report, the reports of an earlier job must not pass for its own.
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
        echo "$job_reports is not a folder of reports, so it is not replaced" >&2
        exit 4
    fi
    rm -rf "$job_reports"
}

# Run pytest in the background: a shell handles no signal while it waits for a foreground process.
run_pytest() {
    local heard status
    # Background processes of a script ignore SIGINT, by which asyncio cancels a running check.
    (
        trap - INT TERM
        exec "$bin/pytest" suites/ -p no:cacheprovider \
            --env="$environment" --reports="$reports" "${selection[@]}" "$@"
    ) &
    pytest=$!
    # Pass on a signal that arrived before pytest was running.
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
    # Keep the ledgers, which record who owns an object, until nothing is left on the deployment.
    ((swept)) || forget_old_runs
    return "$swept"
}

# Delete reports that contain a secret, so that they are neither uploaded nor kept; keep the ledger.
withhold() {
    find "$1" -mindepth 1 -depth ! -name "$unfit" ! -name ledger.jsonl -delete
    rm -rf "$reports/allure-history"
    echo "the reports contained a secret, so they were deleted:" >&2
    cat "$1/$unfit" >&2
}

# A killed run has only a journal.
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

# The names of runs begin with the time, so they sort by age.
forget_old_runs() {
    local runs
    mapfile -t runs < <(
        find "$reports" -mindepth 1 -maxdepth 1 -type d -name '2*T*Z-*' 2>/dev/null | sort -r
    )
    ((${#runs[@]} <= runs_kept)) || rm -rf -- "${runs[@]:runs_kept}"
}

meaning() {
    case $1 in
    0) echo "conformant or partially conformant, and nothing is left on $environment" ;;
    1) echo "not conformant, incomplete, too little coverage, or objects left on $environment" ;;
    2) echo "interrupted" ;;
    3) echo "internal error of the suite" ;;
    4) echo "unusable environment, profile, variable or option" ;;
    5) echo "nothing was selected" ;;
    126 | 127) echo "$bin/pytest could not be started" ;;
    *) if (($1 > 128)); then echo "ended by signal $(($1 - 128))"; else echo "unknown"; fi ;;
    esac
}

main "$@"

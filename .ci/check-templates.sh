#!/usr/bin/env bash
# Whether the templates that start workers are what their readers take them for: the Slurm script as bash, and as it
# behaves with stand-ins for Slurm; the Kubernetes Job as YAML with the fields that matter; the unit by systemd itself.
# With a toile as argument: whether its `worker` knows every option that they use. Says what could not be checked here.
set -euo pipefail
cd "$(dirname "$0")/../templates"
toile=${1:-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
    echo "templates: $*" >&2
    exit 1
}

# slurm-array.sbatch

bash -n slurm-array.sbatch
for option in --array= --signal=TERM@ --requeue --open-mode=append; do
    grep -q "^#SBATCH $option" slurm-array.sbatch || fail "slurm-array.sbatch does not say $option"
done
# Slurm reads its options up to the first command.
sed '/^set /,$d' slurm-array.sbatch | grep -c '^#SBATCH' >"$work/before"
grep -c '^#SBATCH' slurm-array.sbatch | cmp -s - "$work/before" || fail "an #SBATCH line stands after the first command"

# `srun` ends as it is told and writes down its arguments, `scontrol` writes down that it was called.
mkdir "$work/bin"
printf '#!/bin/sh\necho "$*" >>"%s/srun"\nexit "$SRUN_CODE"\n' "$work" >"$work/bin/srun"
printf '#!/bin/sh\necho "$*" >>"%s/scontrol"\n' "$work" >"$work/bin/scontrol"
chmod +x "$work"/bin/*
array() { # expected exit code, expected requeue; the rest is the environment
    local expected=$1 requeued=$2 code=0
    shift 2
    rm -f "$work/srun" "$work/scontrol"
    env -i PATH="$work/bin:$PATH" SLURM_CPUS_PER_TASK=3 SLURM_ARRAY_JOB_ID=7 SLURM_ARRAY_TASK_ID=2 "$@" \
        bash slurm-array.sbatch "/shared/a study.toml" 2>"$work/words" || code=$?
    [ "$code" = "$expected" ] || fail "slurm-array.sbatch ended with $code, expected $expected ($*): $(cat "$work/words")"
    [ "$(cat "$work/scontrol" 2>/dev/null)" = "$requeued" ] || fail "scontrol was told '$(cat "$work/scontrol")' ($*)"
}
url=TOILE_STORAGE=postgres://toile:secret@db/toile
array 0 "" "$url" SRUN_CODE=0
grep -qx -- "--ntasks=1 --cpus-per-task=3 toile worker /shared/a study.toml --threads 3" "$work/srun" ||
    fail "slurm-array.sbatch starts: $(cat "$work/srun")"
array 130 "requeue 7_2" "$url" SRUN_CODE=130
array 1 "" "$url" SRUN_CODE=1
array 1 "" SRUN_CODE=0
grep -q "address of the database" "$work/words" || fail "without TOILE_STORAGE it says: $(cat "$work/words")"
echo "slurm-array.sbatch: bash, options, exit codes 0, 1 and 130"

# kubernetes-job.yaml

if python3 -c 'import yaml' 2>/dev/null; then
    python3 - <<'PYTHON'
import yaml

job, = yaml.safe_load_all(open("kubernetes-job.yaml"))
assert (job["apiVersion"], job["kind"]) == ("batch/v1", "Job"), job
spec, pod = job["spec"], job["spec"]["template"]["spec"]
assert spec["parallelism"] > 1 and "completions" not in spec, spec
assert pod["restartPolicy"] == "OnFailure" and pod["terminationGracePeriodSeconds"] >= 60, pod
worker, = pod["containers"]
assert worker["command"][:2] == ["toile", "worker"] and all(isinstance(word, str) for word in worker["command"])
env = {entry["name"]: entry for entry in worker["env"]}
assert set(env["TOILE_STORAGE"]) == {"name", "valueFrom"} and "secretKeyRef" in env["TOILE_STORAGE"]["valueFrom"]
assert all(isinstance(entry.get("value", ""), str) for entry in env.values()), env
mounts = {mount["name"]: mount["mountPath"] for mount in worker["volumeMounts"]}
assert set(mounts) == {volume["name"] for volume in pod["volumes"]}, mounts
assert worker["command"][2].startswith(mounts["study"] + "/"), worker["command"]
assert env["TOILE_DATA_DIR"]["value"] == mounts["data"] and env["XDG_CACHE_HOME"]["value"] == mounts["cache"], env
PYTHON
    echo "kubernetes-job.yaml: YAML, fields, mounts"
else
    echo "kubernetes-job.yaml: not checked, as python3 has no yaml here (Debian: python3-yaml)"
fi

# toile-worker.service

for line in KillSignal=SIGTERM Restart=on-failure SuccessExitStatus=130; do
    grep -qx "$line" toile-worker.service || fail "toile-worker.service does not say $line"
done
if command -v systemd-analyze >/dev/null; then
    # The program need not be installed where it is checked; `true` is.
    for name in toile-worker.service toile-worker@.service; do
        sed "s|^ExecStart=[^ ]*|ExecStart=$(command -v true)|" toile-worker.service >"$work/$name"
    done
    # systemd tells unknown settings on standard error without failing.
    systemd-analyze verify "$work/toile-worker.service" "$work/toile-worker@1.service" >"$work/verified" 2>&1 ||
        fail "systemd-analyze: $(cat "$work/verified")"
    ! grep -q "$work" "$work/verified" || fail "systemd-analyze: $(cat "$work/verified")"
    echo "toile-worker.service: systemd-analyze, alone and with instances"
else
    echo "toile-worker.service: not checked, as there is no systemd-analyze here"
fi

# All of them start the same program.

if [ -n "$toile" ]; then
    "$toile" worker --help >"$work/help"
    # Of the commands only: a line that holds `toile worker`, comments left out.
    cat ./* | grep -v '^ *#' | grep 'toile.*worker' | grep -o -- '--[a-z-]*' | sort -u >"$work/options"
    grep -q . "$work/options" || fail "no options were found"
    while read -r option; do
        grep -q -- "$option\b" "$work/help" || fail "\`toile worker\` does not know $option"
    done <"$work/options"
    grep -q TOILE_STORAGE "$work/help" || fail "\`toile worker\` does not read TOILE_STORAGE"
    echo "toile worker knows: $(tr '\n' ' ' <"$work/options")"
else
    echo "options of toile worker: not checked, as no toile was given"
fi

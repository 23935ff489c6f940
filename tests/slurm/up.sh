#!/usr/bin/env bash
# up.sh DIR: start a real SLURM of one node, with accounting, on loopback; as root, without systemd or cgroups.
# Everything it keeps is below DIR, which must be new; down.sh DIR stops it. The ports are CONTROLLER, NODE and DATABASE.
set -euo pipefail
DIR=$(mkdir -p "$1" && cd "$1" && pwd)
HOST=$(uname -n)
HOST=${HOST%%.*}
mkdir -p "$DIR"/{munge,controller,node,log,run,devices,database}
chmod 0755 "$DIR" "$DIR"/{controller,node,log}
chmod 0711 "$DIR/munge"
chmod 0777 "$DIR/run"
export SLURM_CONF="$DIR/slurm.conf"

(umask 077; head -c 1024 /dev/urandom > "$DIR/munge/munge.key")
munged --force --key-file="$DIR/munge/munge.key" --socket="$DIR/munge/munge.socket" \
  --pid-file="$DIR/run/munged.pid" --log-file="$DIR/log/munged.log" --seed-file="$DIR/munge/munged.seed"

for gpu in 0 1 2 3; do mknod "$DIR/devices/gpu$gpu" c 1 3; done  # null devices: what counts is CUDA_VISIBLE_DEVICES
cat > "$DIR/gres.conf" <<CONF
AutoDetect=off
Name=gpu Flags=nvidia_gpu_env File=$DIR/devices/gpu[0-3]
CONF

# cred_expire: a requeued job waits until its old credential has expired, by default two minutes.
cat > "$DIR/slurm.conf" <<CONF
ClusterName=tests
SlurmctldHost=$HOST(127.0.0.1)
SlurmctldPort=$CONTROLLER
SlurmdPort=$NODE
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$DIR/munge/munge.socket,cred_expire=5
CredType=cred/munge
CommunicationParameters=NoAddrCache
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
ReturnToService=2
SwitchType=switch/none
StateSaveLocation=$DIR/controller
SlurmdSpoolDir=$DIR/node
SlurmctldPidFile=$DIR/run/slurmctld.pid
SlurmdPidFile=$DIR/run/slurmd.pid
SlurmctldLogFile=$DIR/log/slurmctld.log
SlurmdLogFile=$DIR/log/slurmd.log
SlurmdParameters=config_overrides
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=1,sched_min_interval=1000,bf_interval=1,batch_sched_delay=0
JobRequeue=1
MinJobAge=600
KillWait=5
InactiveLimit=0
SlurmctldTimeout=30
SlurmdTimeout=60
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
GresTypes=gpu
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=127.0.0.1
AccountingStoragePort=$DATABASE
AccountingStoragePass=$DIR/munge/munge.socket
NodeName=$HOST NodeAddr=127.0.0.1 CPUs=8 RealMemory=64000 Gres=gpu:4 State=UNKNOWN
PartitionName=main Nodes=$HOST Default=YES MaxTime=INFINITE State=UP PriorityTier=10 PreemptMode=REQUEUE GraceTime=0
PartitionName=low Nodes=$HOST MaxTime=INFINITE State=UP PriorityTier=1 PreemptMode=REQUEUE GraceTime=10
PartitionName=high Nodes=$HOST MaxTime=INFINITE State=UP PriorityTier=100 PreemptMode=OFF
CONF
cat > "$DIR/slurmdbd.conf" <<CONF
AuthType=auth/munge
AuthInfo=socket=$DIR/munge/munge.socket
DbdHost=localhost
DbdAddr=127.0.0.1
DbdPort=$DATABASE
SlurmUser=root
LogFile=$DIR/log/slurmdbd.log
PidFile=$DIR/run/slurmdbd.pid
StorageType=accounting_storage/mysql
StorageHost=localhost
StorageUser=slurm
StoragePass=slurm
StorageLoc=accounting
CONF
chmod 600 "$DIR/slurmdbd.conf"

# Ask until the answer is yes, for two minutes: the machine may be busy, but a daemon that cannot run here never answers.
until_true() {
  local deadline=$((SECONDS + 120))
  while ((SECONDS < deadline)); do
    if "$@" >/dev/null 2>&1; then return; fi
    sleep 0.2
  done
  echo "up.sh: no answer: $*" >&2
  return 1
}

chown -R mysql:mysql "$DIR/database"
mariadb-install-db --no-defaults --user=mysql --datadir="$DIR/database" \
  --auth-root-authentication-method=normal --skip-test-db >"$DIR/log/mariadb-install.log" 2>&1
mariadbd --no-defaults --user=mysql --datadir="$DIR/database" --socket="$DIR/run/mysql.sock" --skip-networking \
  --pid-file="$DIR/run/mariadb.pid" --innodb-buffer-pool-size=64M --innodb-lock-wait-timeout=900 \
  >"$DIR/log/mariadb.log" 2>&1 </dev/null &
until_true mariadb-admin --no-defaults -uroot --socket="$DIR/run/mysql.sock" ping
mariadb --no-defaults -uroot --socket="$DIR/run/mysql.sock" -e \
  "create database accounting; create user 'slurm'@'localhost' identified by 'slurm'; grant all on accounting.* to 'slurm'@'localhost'"
MYSQL_UNIX_PORT="$DIR/run/mysql.sock" slurmdbd
until_true timeout 5 sacctmgr --noheader --immediate list cluster
timeout 20 sacctmgr --immediate add cluster tests >/dev/null
slurmctld
slurmd
node_is_idle() { timeout 5 sinfo --noheader --format=%T | grep -q '^idle'; }
until_true node_is_idle

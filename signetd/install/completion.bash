# bash completion for signetd; tests/cli/install.sh holds it to `signetd --help`.
_signetd() {
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} words=
	case $before in
	--name | --host | --approver | --new-approver)
		COMPREPLY=()
		return
		;;
	esac
	[[ $word == -* ]] && words='--init --name --host --approver --ca-key --ca-cert --ca-passphrase-file --new-approver --check-config --accept-broken-audit --version --help'
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}
complete -o default -F _signetd signetd

# Completion of ddnsgate for bash.  Commands and options are those that the
# program itself tells, so that they are always the ones of its version.

_ddnsgate_commands() {
	ddnsgate --help 2>/dev/null | sed -n 's/^  \([a-z][a-z-]*\) .*/\1/p'
}

_ddnsgate_options() {
	ddnsgate "$1" --help 2>/dev/null | grep -o -e '--[a-z][a-z-]*' | sort -u
}

_ddnsgate_providers() {
	ddnsgate provider list 2>/dev/null | cut -d ' ' -f 1
}

# The names of accounts, which only those see who may read the configuration.
_ddnsgate_accounts() {
	ddnsgate account list --json 2>/dev/null |
	    sed -n 's/.*"name": *"\([^"]*\)".*/\1/p'
}

# What may stand as the word after the command, or after an option.
_ddnsgate_words() {
	case $1:$2 in
	*:--account)			_ddnsgate_accounts ;;
	*:--provider)			_ddnsgate_providers ;;
	*:--proof)			echo certificate none ;;
	setup:--ipv4)			echo later no keep if-public ;;
	setup:--ipv6)			echo router no keep if-public ;;
	*:--ipv4)			echo true false if-public ;;
	*:--ipv6)			echo router if-public ;;
	prove:--request)		echo tls http ;;
	account:account)		echo list show add change disable \
					    enable remove ;;
	account:show | account:change | account:disable | account:enable | \
	account:remove)			_ddnsgate_accounts ;;
	provider:provider)		echo list show check run ;;
	provider:show | provider:run)	_ddnsgate_providers ;;
	router:router | setup:--device)	ddnsgate router --list 2>/dev/null ;;
	esac
}

_ddnsgate() {
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}
	local command=${COMP_WORDS[1]} words

	if [ "$COMP_CWORD" = 1 ]; then
		words=$(_ddnsgate_commands)
	elif [ "${word#-}" != "$word" ]; then
		words=$(_ddnsgate_options "$command")
	else
		words=$(_ddnsgate_words "$command" "$before")
	fi
	# Without words the default of complete, below, is names of files.
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}

complete -o default -F _ddnsgate ddnsgate

package main

import (
	"strings"

	"github.com/spf13/cobra"

	"laborwatch/messages"
)

// speakBoth puts the words of cobra's own help into both languages.
func speakBoth(root *cobra.Command) {
	var words []string
	for _, w := range []struct{ text, key string }{
		{"Usage:", "cli.help.usage"},
		{"Aliases:", "cli.help.aliases"},
		{"Examples:", "cli.help.examples"},
		{"Available Commands:", "cli.help.commands"},
		{"Additional Commands:", "cli.help.more"},
		{"Global Flags:", "cli.help.global"},
		{"Flags:", "cli.help.flags"},
		{"Additional help topics:", "cli.help.topics"},
	} {
		words = append(words, w.text, messages.Both(w.key)+":")
	}
	words = append(words, `Use "{{.CommandPath}} [command] --help" for more information about a command.`,
		messages.Both("cli.help.each", "{{.CommandPath}}"))
	root.SetUsageTemplate(strings.NewReplacer(words...).Replace(root.UsageTemplate()))
	root.PersistentFlags().BoolP("help", "h", false, messages.Both("cli.help.help"))
	root.Flags().Bool("version", false, messages.Both("cli.help.version"))
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	for _, c := range root.Commands() {
		switch c.Name() {
		case "help":
			c.Short = messages.Both("cli.help.help")
		case "completion":
			c.Short = messages.Both("cli.help.completion")
		}
	}
}

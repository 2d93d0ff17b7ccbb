// Command laborwatch monitors employment and unemployment for a city: from raw
// extracts to indicators, alerts, metrics, a dashboard and the monthly release.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// version is set by the build.
var version = "dev"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	dir, err := os.Getwd()
	if err != nil {
		dir = "."
	}
	e := &env{args: os.Args[1:], dir: dir, stdout: os.Stdout, stderr: os.Stderr}
	code := e.execute(ctx)
	stop()
	os.Exit(code)
}

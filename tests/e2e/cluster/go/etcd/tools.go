//go:build tools

// Package tools names the commands this module exists to build, so that `go mod tidy` keeps them.
package tools

import (
	_ "go.etcd.io/etcd/server/v3"
)

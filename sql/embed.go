// Package sql holds the models: one SELECT per file with a short header, in
// the folders they run in. A configured models folder replaces files of the
// same path.
package sql

import "embed"

// FS holds the model files as <folder>/<name>.sql. The folder of comparison
// models, compare, joins it with its first model.
//
//go:embed staging core indicator alert
var FS embed.FS

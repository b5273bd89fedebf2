package openapi

import (
	"embed"
	"io/fs"
	"slices"

	swagger "github.com/swaggo/files/v2"
)

// DocsPolicy is the Content-Security-Policy that the page works under: nothing
// is loaded from elsewhere and no script stands in the page itself.
const DocsPolicy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; " +
	"img-src 'self' data:; connect-src 'self'"

//go:embed docs
var pages embed.FS

// borrowed are the files of Swagger UI that the page uses. Its own page, its
// source maps and its examples are not served.
var borrowed = []string{"swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png"}

// Docs holds index.html, which belongs at /docs, and the files that it asks
// for under /docs/. It reads the contract from /openapi.yaml.
func Docs() fs.FS {
	own, err := fs.Sub(pages, "docs")
	if err != nil {
		// fs.Sub fails only on an invalid path, and this one is a constant.
		panic(err)
	}
	return docs{own}
}

type docs struct{ own fs.FS }

// Open finds our own files first; the folder itself is listed without the
// borrowed ones, since nobody needs to browse it.
func (d docs) Open(name string) (fs.File, error) {
	if slices.Contains(borrowed, name) {
		return swagger.FS.Open(name)
	}
	return d.own.Open(name)
}

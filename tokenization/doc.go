// Package tokenization takes card data in and gives tokens out. It is the only
// package that may hold a card number.
//
//   - [Card] carries a number and its CSC to a keyed sale and shows brand and
//     last four to everybody else.
//   - [BrandOf] and [FindCardNumber] recognise card numbers, the latter in free
//     text where none may stand.
//   - [Sealer] encrypts the secrets that have to be stored.
package tokenization

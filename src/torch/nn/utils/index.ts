export * from '../../generated/declared/nn-utils'

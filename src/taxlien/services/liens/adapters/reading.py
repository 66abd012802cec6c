"""Read a county's file as a stream of records: the one entry the importer needs.

    stream = read_records(path, mapping, options=ReadOptions(values={"year": "2019"}))
    for item in stream:          # LienRecord | SaleRecord | PriceIndexRecord | Reject
        ...                      # UnreadableFile may be raised at any point: then keep nothing
    stream.counts                # ReadCounts: lines, records, rejects, duplicates, repaired, ...
    stream.unmet_expectations()  # words for each assertion of the mapping that does not hold
"""

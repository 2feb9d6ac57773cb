with entries as (

    select * from {{ source('raw_ledger', 'collections') }}

),

final as (

    select
        n,
        entry_sha256,
        previous_sha256,
        kind,
        collection_id,
        source,
        instance,
        resource,
        window_start as window_start_at,
        window_end as window_end_at,
        collected_at,
        pages,
        requests,
        rows as row_count,
        distinct_keys,
        source_total,
        http_statuses,
        permission,
        permission_detail,
        gaps,
        error,
        entry
    from entries

)

select * from final

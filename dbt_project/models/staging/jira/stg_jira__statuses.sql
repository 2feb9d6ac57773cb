with records as (

    select * from {{ latest_records('raw_jira', 'statuses') }} as records

),

final as (

    select
        {{ json_text('payload', '$.id') }} as status_id,
        {{ json_text('payload', '$.name') }} as name,
        {{ json_text('payload', '$.statusCategory.key') }} as category,
        instance,
        record_key,
        collection_id,
        collected_at,
        payload_sha256,
        first_collected_at,
        gone_at,
        versions
    from records

)

select * from final

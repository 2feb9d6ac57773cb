with records as (

    select * from {{ latest_records('raw_jira', 'issues') }} as records

),

final as (

    select
        {{ json_text('records.payload', '$.id') }} as issue_id,
        {{ json_text('records.payload', '$.key') }} as issue_key,
        change_ref.item as change_ref,
        records.instance,
        records.record_key,
        records.collection_id,
        records.collected_at,
        records.payload_sha256
    from records
    {{ json_items('records.payload', '$._context.change_refs', 'change_ref') }}

)

select * from final
